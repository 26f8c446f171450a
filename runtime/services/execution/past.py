"""Find what was answered before: by the key of a request, or by the id of its outcome."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import DomainError, KeyReusedError
from runtime.domain.history import StoredOutcome
from runtime.kit.canonical_json import parse
from runtime.services.execution.changes import Change, Executed
from runtime.store.idempotency_keys import KeyUse, stored_answer
from runtime.store.outcomes import outcomes_named
from runtime.store.session import Database


class Past:
    """Answer repeated changes from storage."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def answer_to(
        self, change: Change, *, organization_id: str, project_id: str
    ) -> Executed | DomainError | None:
        """Return what a change was answered, or None when it never took place.

        A key that was used with another body is answered with `KeyReusedError`.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        async with self._database.transaction(organization_id, read_only=True) as connection:
            named = change.outcome_id
            if change.key is not None:
                use = KeyUse(
                    organization_id=organization_id,
                    principal_id=change.principal.id,
                    route=change.key.route,
                    key=change.key.key,
                    body_digest=change.key.body_digest,
                )
                try:
                    stored = await stored_answer(connection, use)
                except KeyReusedError as error:
                    return error
                if stored is not None and stored.answer.startswith("{"):
                    return _told(stored.answer)
                if stored is not None:
                    named = stored.answer
            found = await _outcome(connection, project_id=project_id, named=named)
        return None if found is None else _told(found.document)


async def _outcome(
    connection: AsyncConnection, *, project_id: str, named: str
) -> StoredOutcome | None:
    found = await outcomes_named(connection, project_id=project_id, ids=[named])
    return next(iter(found), None)


def _told(document: str) -> Executed:
    after = parse(document)["after"]
    return Executed(
        document=document, version=after["version"], digest=after["digest"], replayed=True
    )
