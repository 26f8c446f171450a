"""Read what came of plans."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.domain.errors import NotFoundError
from runtime.domain.history import StoredOutcome
from runtime.domain.scope import Scope
from runtime.services.context import Context
from runtime.services.identity.access import Access
from runtime.store.outcomes import outcomes_before, outcomes_named
from runtime.store.session import Database


class Outcomes:
    """Read the outcomes of projects."""

    def __init__(self, *, database: Database, access: Access) -> None:
        self._database = database
        self._access = access

    async def page(
        self, context: Context, project_id: str, *, before: int | None, limit: int
    ) -> tuple[StoredOutcome, ...]:
        """Return outcomes, the newest first.

        Raises:
            NotFoundError: no such project that the caller may see.
        """
        organization = await self._organization(context, project_id)
        async with self._database.transaction(organization, read_only=True) as connection:
            return await outcomes_before(
                connection, project_id=project_id, before=before, limit=limit
            )

    async def read(self, context: Context, project_id: str, *, outcome_id: str) -> StoredOutcome:
        """Return one outcome.

        Raises:
            NotFoundError: no such project or outcome.
        """
        organization = await self._organization(context, project_id)
        async with self._database.transaction(organization, read_only=True) as connection:
            found = await outcomes_named(connection, project_id=project_id, ids=[outcome_id])
        if not found:
            raise NotFoundError(kind="outcome", id=outcome_id)
        return found[0]

    async def named(
        self, context: Context, project_id: str, *, ids: Sequence[str]
    ) -> tuple[StoredOutcome, ...]:
        """Return those outcomes of a project that exist.

        Raises:
            NotFoundError: no such project that the caller may see.
        """
        organization = await self._organization(context, project_id)
        async with self._database.transaction(organization, read_only=True) as connection:
            return await outcomes_named(connection, project_id=project_id, ids=ids)

    async def _organization(self, context: Context, project_id: str) -> str:
        context.caller.require(Scope.OUTCOMES_READ)
        await self._access.principal(context.caller, project_id)
        return context.caller.organization_id
