"""Give tests a courier: notes that a worker carries to a real receiver and records.

The environment is a built-in one, so that workers of this process and of others have it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import pytest_asyncio

from runtime.bootstrap.environments import installed_environments
from runtime.domain.plan import Plan, Step
from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from tests.database import FreshDatabase
from tests.execution import World, a_caller, a_project, opened
from tests.servers.receiver import Receiver, a_receiver
from tests.servers.stoppable_redis import StoppableRedis

COURIER = "courier"
KEY = "k" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Hold who sends notes, where they go, and what a worker is told."""

    world: World
    receiver: Receiver
    superuser: asyncpg.Connection[asyncpg.Record]
    variables: dict[str, str]

    async def send(self, text: str = "hello") -> str:
        """Send a note, and return the id of its job."""
        to = f"http://127.0.0.1:{self.receiver.port}/"
        step = Step(action="note.send@1", inputs={"to": to, "text": text})
        outcome = await self.world.execute(Plan(steps=(step,)))
        assert outcome["status"] == "done", outcome
        found = await self.superuser.fetchval(
            "select id from jobs where outcome_id = $1", outcome["id"]
        )
        return str(found)

    async def statuses(self) -> dict[str, int]:
        """Count jobs by how they stand."""
        rows = await self.superuser.fetch("select status, count(*) from jobs group by status")
        return {row["status"]: row["count"] for row in rows}


@pytest_asyncio.fixture
async def courier(database: FreshDatabase, redis_url: str) -> AsyncIterator[Courier]:
    """Give a courier with a receiver, and a broker of its own."""
    async with AsyncExitStack() as stack:
        caller = a_caller(Ids(SystemClock()))
        environments = installed_environments()
        project_id = await a_project(
            database, caller, environment=COURIER, environments=environments
        )
        world = await opened(
            stack,
            database,
            redis_url,
            caller=caller,
            project_id=project_id,
            environments=environments,
        )
        superuser = await asyncpg.connect(database.urls.superuser_url)
        stack.push_async_callback(superuser.close)
        receiver = await stack.enter_async_context(a_receiver())
        broker = stack.enter_context(StoppableRedis(durable=True))
        yield Courier(
            world=world,
            receiver=receiver,
            superuser=superuser,
            variables={
                "PLANGATE_DATABASE_URL": database.app_url,
                "PLANGATE_REDIS_URL": redis_url,
                "PLANGATE_BROKER_URL": broker.url,
                "PLANGATE_TOKEN_KEYS": KEY,
                "PLANGATE_EGRESS_ALLOW": f"127.0.0.1:{receiver.port}",
                "PLANGATE_JOB_LEASE_S": "2",
            },
        )
