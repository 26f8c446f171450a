"""Make the secrets of webhooks, and let a new one sign beside the old one for a while."""

from __future__ import annotations

import secrets as entropy
from dataclasses import dataclass, field
from datetime import timedelta

from runtime.domain.errors import WrongTimeError
from runtime.domain.webhook import SECRET_PREFIX, Endpoint, EndpointSecret, SigningScheme
from runtime.kit.webhook_keys import (
    SEED_BYTES,
    SHARED_BYTES,
    private_key,
    public_key,
    shared_secret,
)
from runtime.ports.seal import Seal
from runtime.services.context import Context, Ids
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.services.webhooks.documents import named
from runtime.services.webhooks.rights import (
    WebhookPlace,
    held_endpoint_of,
    held_place,
    managing_scope,
)
from runtime.services.webhooks.sealing import secret_of
from runtime.services.webhooks.shown import shown_once
from runtime.store import webhook_secrets as store
from runtime.store.session import Database
from runtime.store.webhook_lanes import wake_lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Say what secret is to sign from now on.

    Attributes:
        scheme: None: as the newest one does.
        overlap: how long the one before of that scheme signs too.
        only: those of the other scheme end as well, with the overlap.
    """

    scheme: SigningScheme | None = None
    overlap: timedelta
    only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSecret:
    """Hold a new secret, and the text that is told once; None where nobody else needs it."""

    stored: EndpointSecret
    text: str | None = field(repr=False)


class EndpointSecrets:
    """Keep what signs."""

    def __init__(self, *, database: Database, ids: Ids, seal: Seal) -> None:
        self._database = database
        self._ids = ids
        self._seal = seal

    async def add(self, unit: Unit, endpoint: Endpoint, scheme: SigningScheme) -> MadeSecret:
        """Make a secret of an endpoint in the transaction that made or holds it."""
        text = _new_text(scheme)
        paired = scheme is SigningScheme.ED25519
        secret_id = unit.ids.new(SECRET_PREFIX)
        stored = EndpointSecret(
            id=secret_id,
            endpoint_id=endpoint.id,
            scheme=scheme,
            sealed=self._seal.sealed(text, bound_to=secret_of(secret_id)),
            public=public_key(text) if paired else None,
            created_at=unit.now,
        )
        await store.add_secret(unit.connection, stored, organization_id=endpoint.organization_id)
        return MadeSecret(stored=stored, text=None if paired else text)

    async def rotate(
        self, context: Context, place: WebhookPlace, *, endpoint_id: str, wish: Rotation
    ) -> Answer:
        """Let a new secret sign, and return it this once; the one before signs for a while longer.

        Of each scheme there are two at the most: one that was about to end does so now.

        Raises:
            NotFoundError, NotAllowedError, ProjectArchivedError, WrongTimeError: as
                `Endpoints.create` does.
        """
        caller = context.caller
        caller.require(managing_scope(place))

        async def work(unit: Unit) -> Answer:
            await held_place(unit, caller, place, ends=False)
            endpoint = await held_endpoint_of(unit.connection, place, endpoint_id)
            before = await store.secrets_of(unit.connection, endpoint_id)
            if wish.scheme is None and not before:
                raise WrongTimeError(
                    what="the webhook", found="without a secret", remedy="name a scheme"
                )
            scheme = wish.scheme or before[0].scheme
            await _end(unit, endpoint_id, before, wish=wish, scheme=scheme)
            made = await self.add(unit, endpoint, scheme)
            await wake_lane(unit.connection, endpoint.organization_id, endpoint_id, at=unit.now)
            told = {
                **named(endpoint),
                "secret": made.stored.id,
                "scheme": scheme.value,
                "overlap_s": int(wish.overlap.total_seconds()),
            }
            await unit.record("endpoint.secret_rotated", told, project_id=endpoint.project_id)
            live = [
                item
                for item in await store.secrets_of(unit.connection, endpoint_id)
                if item.live(unit.now)
            ]
            return shown_once(endpoint, live, made.text)

        return await once(self._database, self._ids, context, work=work)


async def _end(
    unit: Unit,
    endpoint_id: str,
    before: tuple[EndpointSecret, ...],
    *,
    wish: Rotation,
    scheme: SigningScheme,
) -> None:
    """Let those that are replaced end: now, or with the overlap."""
    replaced = [item for item in before if wish.only or item.scheme is scheme]
    newest = [
        item
        for item in replaced
        if item.ends_at is None and wish.overlap  # what ends already does not sign for longer
    ]
    kept = [*newest, *(item for item in before if item not in replaced and item.live(unit.now))]
    await store.forget_secrets_but(unit.connection, endpoint_id, [item.id for item in kept])
    for item in newest:
        await store.end_secret(unit.connection, item.id, at=unit.now + wish.overlap)


def _new_text(scheme: SigningScheme) -> str:
    if scheme is SigningScheme.ED25519:
        return private_key(entropy.token_bytes(SEED_BYTES))
    return shared_secret(entropy.token_bytes(SHARED_BYTES))
