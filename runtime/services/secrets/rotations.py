"""Tell all processes that secrets have new values, and the organizations that may name them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from http import HTTPStatus

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.errors import KeyReusedError, NotAllowedError
from runtime.domain.record import AuditRecord, Event
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import canonical_text
from runtime.kit.ids import ENTROPY_BYTES, new_id
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.secrets.prefixes import Prefix
from runtime.services.secrets.spaces import SecretSpaces
from runtime.services.unit_of_work import Answer
from runtime.store import records
from runtime.store.organizations import find_organization
from runtime.store.secret_rotations import StoredRotation, tell_rotation
from runtime.store.session import Database

ROTATED_KIND = "secret.rotated"


class SecretRotations:
    """Take word of rotations from the operator."""

    def __init__(
        self,
        *,
        database: Database,
        ids: Ids,
        spaces: SecretSpaces,
        invalidate: Callable[[Prefix], None],
    ) -> None:
        """Tell by a database; `invalidate` is for this process, which need not wait."""
        self._database = database
        self._ids = ids
        self._spaces = spaces
        self._invalidate = invalidate

    async def tell(self, context: Context, prefix: Prefix) -> Answer:
        """Let no process use the values any more that a prefix covers, within seconds.

        It is stored first, and then recorded for each organization that may name such secrets: once
        for each, however often it is told again because an answer did not come.

        Raises:
            NotAllowedError: the credential is not the platform's own.
            KeyReusedError: the key was used with another body.
            StorageUnavailableError: the database can't be asked; tell it again.
        """
        caller, key = context.caller, context.key
        if caller.credential_kind is not CredentialKind.OPERATOR:
            raise NotAllowedError(
                needs="the platform's own credential, PLANGATE_OPERATOR_TOKEN",
                has=caller.credential_kind.value,
            )
        caller.require(Scope.ORGANIZATION_MANAGE)
        told = await tell_rotation(
            self._database,
            prefix.text(),
            key=None if key is None else key.key,
            digest="" if key is None else key.body_digest,
        )
        if key is not None and told.digest != key.body_digest:
            raise KeyReusedError(key=key.key)
        document: JsonObject = {"reference": prefix.text(), "rotation": told.sequence}
        if not told.replayed:
            self._invalidate(prefix)
        for organization in self._spaces.touched(prefix):
            event = Event(
                id=_event_id(told, organization),
                type=ROTATED_KIND,
                document=canonical_text(document),
            )
            await self._record(caller, event, document, organization=organization)
        return Answer(document=document, status=HTTPStatus.ACCEPTED, replayed=told.replayed)

    async def _record(
        self, caller: Caller, event: Event, document: JsonObject, *, organization: str
    ) -> None:
        """Record it for an organization that is there, unless that was done before."""
        now = self._ids.now()
        async with self._database.transaction(organization) as connection:
            if await find_organization(connection, organization) is None:
                return
            if not await records.add_event_once(
                connection, event, organization_id=organization, now=now
            ):
                return
            record = AuditRecord.of(
                {**document, "credential": caller.credential_id},
                record_id=self._ids.new("aud"),
                principal_id=caller.member_id,
                kind=ROTATED_KIND,
                project_id=None,
            )
            await records.add_audit_record(
                connection, record, organization_id=organization, now=now
            )


def _event_id(told: StoredRotation, organization: str) -> str:
    """Return the one id that the event of a rotation has in an organization."""
    entropy = hashlib.sha256(f"{ROTATED_KIND}/{told.sequence}/{organization}".encode()).digest()
    now_ms = int(told.told_at.timestamp() * 1000)
    return new_id("evt", now_ms=now_ms, entropy=entropy[:ENTROPY_BYTES])
