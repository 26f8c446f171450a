"""Give tests organizations whose jobs wait, and take some of them as a relay does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from runtime.domain.caller import Caller
from runtime.domain.job import USUAL_PRIORITY, BegunJob, JobKind, NewJob
from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from runtime.store.job_queues import limit, pause, resume
from runtime.store.jobs import put_jobs
from runtime.store.outbox import Claim, Share, claimed
from tests.database import FreshDatabase, session
from tests.execution import a_caller, a_project
from tests.job_calls import begin_jobs
from tests.jobs import until

WHY: Final = "the receiver is being repaired"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingJobs:
    """Hold an organization with projects, and say what its queues are to do."""

    database: FreshDatabase
    caller: Caller
    projects: tuple[str, ...]
    ids: Ids = field(default_factory=lambda: Ids(SystemClock()))

    @property
    def id(self) -> str:
        """Return the organization's id."""
        return self.caller.organization_id

    @property
    def project(self) -> str:
        """Return the first project."""
        return self.projects[0]

    async def put(
        self,
        jobs: int,
        *,
        project: str | None = None,
        priority: int = USUAL_PRIORITY,
        serial_key: str | None = None,
        unique_key: str | None = None,
    ) -> Sequence[str]:
        """Put jobs into a project, and return their ids."""
        new = [
            NewJob(
                id=self.ids.new("job"),
                kind=JobKind.EFFECT,
                name="box.label",
                principal_id=self.caller.member_id,
                credential_id="c",
                payload="{}",
                priority=priority,
                serial_key=serial_key,
                unique_key=unique_key,
            )
            for _ in range(jobs)
        ]
        async with self.database.transaction(self.id) as connection:
            await put_jobs(
                connection,
                new,
                organization_id=self.id,
                project_id=project or self.project,
                at=self.ids.now(),
            )
        return [job.id for job in new]

    async def pause(self, *, project: str | None = None) -> None:
        """Let nothing begin, of the organization or of a project."""
        async with self.database.transaction(self.id) as connection:
            await pause(
                connection,
                organization_id=self.id,
                project_id=project,
                by=self.caller.member_id,
                why=WHY,
            )

    async def resume(self, *, project: str | None = None) -> None:
        """Let jobs flow again."""
        async with self.database.transaction(self.id) as connection:
            await resume(
                connection, organization_id=self.id, project_id=project, by=self.caller.member_id
            )

    async def limit(
        self, *, project: str | None = None, at_once: int | None = None, a_minute: int | None = None
    ) -> None:
        """Limit jobs of the organization, or of a project."""
        async with self.database.transaction(self.id) as connection:
            await limit(
                connection,
                organization_id=self.id,
                project_id=project,
                by=self.caller.member_id,
                at_once=at_once,
                per_minute=a_minute,
            )

    async def begin(self, ids: Sequence[str], *, worker: str = "w") -> Sequence[BegunJob]:
        """Begin jobs as a worker."""
        return await begin_jobs(
            self.database, ids, organization_id=self.id, worker=worker, lease_s=15.0
        )

    async def taken(self, share: Share | None = None) -> Sequence[str]:
        """Take what a relay would, and return the ids."""
        async with self.claimed(share) as claim:
            return [job.job_id for job in claim.jobs]

    async def taken_by_project(self, share: Share | None = None) -> Counter[str]:
        """Take what a relay would, and count it by project."""
        async with self.claimed(share) as claim:
            return Counter(job.project_id for job in claim.jobs)

    def claimed(self, share: Share | None = None) -> AbstractAsyncContextManager[Claim]:
        """Take what a relay would, while the block runs."""
        return claimed(self.database, after="", share=share or Share())


async def a_waiting_tenant(database: FreshDatabase, *, projects: int = 1) -> WaitingJobs:
    """Store an organization with projects, of which nothing waits."""
    caller = a_caller(Ids(SystemClock()))
    made = tuple([await a_project(database, caller) for _ in range(projects)])
    return WaitingJobs(database=database, caller=caller, projects=made)


async def changed(database: FreshDatabase, statement: str, *arguments: object) -> None:
    """Change rows as nobody of the platform may: to let time pass."""
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute(statement, *arguments)


async def somebody_waits(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Wait until a session of this database waits for a lock."""

    async def waits() -> bool:
        return bool(
            await connection.fetchval(
                "select count(*) from pg_stat_activity "
                "where datname = current_database() and wait_event_type = 'Lock'"
            )
        )

    await until(waits)
