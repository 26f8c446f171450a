"""Read how jobs stand, of a project or of what an organization gave up."""

from __future__ import annotations

from runtime.domain.job import Job
from runtime.domain.job_filter import JobFilter
from runtime.domain.scope import Scope
from runtime.services.context import Context
from runtime.services.jobs.rights import there
from runtime.services.standing import refuse_others, seen
from runtime.store.job_pages import given_up_before, jobs_before
from runtime.store.session import Database


class Jobs:
    """Read jobs."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def before(
        self,
        context: Context,
        project_id: str,
        *,
        before: str | None,
        limit: int,
        wanted: JobFilter,
    ) -> tuple[Job, ...]:
        """Return those of a project's jobs that are wanted, the newest first, without results.

        Raises:
            NotFoundError: no such project that the caller may see.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.JOBS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            return await jobs_before(
                connection, before, limit=limit, project_id=project_id, wanted=wanted
            )

    async def given_up_before(
        self,
        context: Context,
        organization_id: str,
        *,
        before: str | None,
        limit: int,
        wanted: JobFilter,
    ) -> tuple[Job, ...]:
        """Return what an organization gave up of that, the newest first, without results.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the caller is no owner, or the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.JOBS_READ)
        refuse_others(caller, organization_id)
        caller.require_owner()
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            return await given_up_before(connection, before, limit=limit, wanted=wanted)

    async def read(self, context: Context, project_id: str, job_id: str) -> Job:
        """Return a job with what came of it.

        Raises:
            NotFoundError: no such project or job that the caller may see.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.JOBS_READ)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            await seen(connection, caller, project_id)
            return await there(connection, project_id, job_id)
