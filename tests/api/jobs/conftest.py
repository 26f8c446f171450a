"""Give these tests the app of production, a counter project, and a worker that runs its jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest_asyncio

from runtime.bootstrap.environments import installed_environments
from runtime.domain.job import JobKind
from runtime.kit.clock import SystemClock
from runtime.services.execution.judges import Judges
from runtime.services.jobs.plans import PlanRunner
from runtime.services.jobs.reauthorising import Reauthorising
from runtime.services.jobs.running import Running
from tests.api.execution.conftest import Api, api, redis_url
from tests.database import FreshDatabase, session
from tests.rules import decisions_by_table

__all__ = ["api", "redis_url"]

Work = Callable[[str], Awaitable[int]]


@pytest_asyncio.fixture
async def work(api: Api, database: FreshDatabase) -> AsyncIterator[Work]:
    """Give a worker, which runs a job that queued a plan and returns how many it began."""
    clock = SystemClock()
    running = Running(
        database,
        Reauthorising(
            database=database,
            decisions=decisions_by_table(database, clock),
            judges=Judges(installed_environments()),
            clock=clock,
        ),
        runners={JobKind.PLAN: PlanRunner(api.app.state.services.plans)},
        worker="worker-of-tests",
    )
    organization = (await api.call("GET", "/v1/me")).json["organization"]["id"]

    async def run(job_id: str) -> int:
        return await running.run(organization, [job_id])

    yield run
    await running.close(grace_s=5.0)


@pytest_asyncio.fixture
async def superuser(database: FreshDatabase) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Give a connection that may change anything."""
    async with session(database.urls.superuser_url) as connection:
        yield connection
