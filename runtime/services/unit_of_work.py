"""Write once: one transaction a use case, in which effect, records and answer commit together.

The only place beside `commit_executions` that commits. A use case hands in its work; if the
request's key was answered before, the work is not done and the stored answer is returned.

Each write also takes along some of its organization's old keys. Those of organizations that execute
are swept by `expired_keys` beside the work; others would keep theirs for ever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.record import AuditRecord, Event
from runtime.kit.canonical_json import canonical_text, parse
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.expired_keys import KEPT
from runtime.store import idempotency_keys, records
from runtime.store.idempotency_keys import KeyUse, StoredAnswer
from runtime.store.session import Database

FORGOTTEN_AT_ONCE: Final = 20
"""How many old keys one write takes along at most: more than it adds, and no more than a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold what a mutating use case answers.

    Attributes:
        document: what the caller reads.
        status: HTTP status of the answer.
        kept: what a repetition of the request reads; differs where the first answer shows a secret.
        replayed: the request was answered before.
    """

    document: JsonObject
    status: int = HTTPStatus.OK
    kept: JsonObject | None = None
    replayed: bool = False


class Unit:
    """Offer one open transaction to a use case, and take what has to be recorded with it."""

    def __init__(self, connection: AsyncConnection, context: Context, ids: Ids) -> None:
        self.connection = connection
        self.ids = ids
        self.now = ids.now()
        self._context = context

    async def record(
        self,
        kind: str,
        document: JsonObject,
        *,
        project_id: str | None = None,
        recorded: JsonObject | None = None,
    ) -> None:
        """Write an audit record and the event of the same name; the document holds no secret.

        What is `recorded` stands in the record beside it, and is told to nobody.
        """
        await self.audit(kind, {**document, **(recorded or {})}, project_id=project_id)
        event = Event(
            id=self.ids.new("evt"),
            type=kind,
            document=canonical_text(document),
            project_id=project_id,
        )
        await records.add_event(
            self.connection,
            event,
            organization_id=self._context.caller.organization_id,
            now=self.now,
        )

    async def audit(
        self, kind: str, document: JsonObject, *, project_id: str | None = None
    ) -> None:
        """Write an audit record of what nobody is told; the document holds no secret."""
        caller = self._context.caller
        record = AuditRecord.of(
            {**document, "credential": caller.credential_id},
            record_id=self.ids.new("aud"),
            principal_id=caller.member_id,
            kind=kind,
            project_id=project_id,
        )
        await records.add_audit_record(
            self.connection, record, organization_id=caller.organization_id, now=self.now
        )


Work = Callable[[Unit], Awaitable[Answer]]


async def once(database: Database, ids: Ids, context: Context, *, work: Work) -> Answer:
    """Do a piece of work in one transaction, and at most once for each key.

    Raises:
        KeyReusedError: the key was used with another body.
        StorageUnavailableError: the database can't be asked; nothing is known to be done.
    """
    use = use_of(context)
    async with database.transaction(context.caller.organization_id) as connection:
        unit = Unit(connection, context, ids)
        answer = await work(unit) if use is None else await _keyed(unit, use, work=work)
        await idempotency_keys.forget_before(connection, unit.now - KEPT, limit=FORGOTTEN_AT_ONCE)
        return answer


async def _keyed(unit: Unit, use: KeyUse, *, work: Work) -> Answer:
    """Do the work and keep its answer, or return the one that is kept."""
    stored = await idempotency_keys.claim(unit.connection, use, now=unit.now)
    if stored is not None:
        return Answer(document=parse(stored.answer), status=stored.status, replayed=True)
    answer = await work(unit)
    kept = answer.document if answer.kept is None else answer.kept
    await idempotency_keys.settle(
        unit.connection,
        use,
        answered=StoredAnswer(status=answer.status, answer=canonical_text(kept)),
    )
    return answer


def use_of(context: Context) -> KeyUse | None:
    """Return what the key of a request is used for; None where it brought none."""
    caller, key = context.caller, context.key
    if key is None:
        return None
    return KeyUse(
        organization_id=caller.organization_id,
        principal_id=caller.member_id,
        route=key.route,
        key=key.key,
        body_digest=key.body_digest,
    )
