"""Give tests a yard: executions in this process, and workers that are processes of their own.

What effects do is in `tests.hostile_plugin`; a real receiver notes what reaches the outside. Every
wait is bounded. Imported by the `conftest.py` of those who use it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
import pytest_asyncio

from runtime.domain.limits import Limits
from runtime.domain.plan import Plan, Step
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonValue
from runtime.sandbox import Sandbox
from runtime.services.context import Ids
from runtime.services.environments import Environments, InstalledEnvironment
from tests.database import FreshDatabase
from tests.execution import World, a_caller, a_project, opened, redis_url
from tests.hostile_plugin import ENVIRONMENT, PLUGIN
from tests.servers.receiver import Receiver, a_receiver
from tests.servers.stoppable_redis import StoppableRedis
from tests.servers.worker_process import WorkerProcess, plugin_folder, worker_process

__all__ = ["redis_url", "yard"]

PATIENCE_S: Final = 45.0
LEASE_S: Final = 1.5
KEY: Final = "k" * 40


def the_yard() -> Environments:
    """Compile the environment as a worker does that finds its plugin installed."""
    (environment,) = PLUGIN.environments
    sandbox = Sandbox.of(PLUGIN, environment)
    return {
        ENVIRONMENT: InstalledEnvironment(
            id=ENVIRONMENT,
            title=environment.title,
            description=environment.description,
            plugin="yard@1",
            compiled=sandbox.compiled,
            limits=Limits(),
        )
    }


@dataclass(slots=True, kw_only=True)
class Yard:
    """Hold a yard: who executes, what its workers are told, and what they reach."""

    world: World
    receiver: Receiver
    broker: StoppableRedis
    superuser: asyncpg.Connection[asyncpg.Record]
    path: Path
    variables: dict[str, str]
    workers: list[WorkerProcess] = field(default_factory=list)
    stack: AsyncExitStack = field(repr=False)

    @property
    def url(self) -> str:
        """Return the receiver's address."""
        return f"http://127.0.0.1:{self.receiver.port}/"

    @property
    def received(self) -> Counter[str]:
        """Count what reached the receiver, by its key."""
        return Counter(item.headers["idempotency-key"] for item in self.receiver.received)

    @property
    def marks(self) -> Counter[str]:
        """Count what reached the receiver, by what it says; a key is counted once."""
        said = {item.headers["idempotency-key"]: item.body for item in self.receiver.received}
        return Counter(body.decode() for body in said.values())

    async def put(self, how: str = "post", *, action: str = "do", **inputs: JsonValue) -> str:
        """Execute a step, and return the id of its job."""
        step = Step(action=f"yard.{action}@1", inputs={"how": how, **inputs})
        outcome = await self.world.execute(Plan(steps=(step,)))
        assert outcome["status"] == "done", outcome
        found = await self.superuser.fetchval(
            "select id from jobs where outcome_id = $1", outcome["id"]
        )
        return str(found)

    async def post(self, times: int = 1, **inputs: JsonValue) -> list[str]:
        """Have the receiver told, some times; return the ids of the jobs."""
        return [await self.put(url=self.url, mark="m", **inputs) for _ in range(times)]

    def worker(self, *options: str, **variables: str) -> WorkerProcess:
        """Start a worker."""
        started = self.stack.enter_context(
            worker_process({**self.variables, **variables}, *options, path=(self.path,))
        )
        self.workers.append(started)
        return started

    async def started(self, *options: str, **variables: str) -> WorkerProcess:
        """Start a worker, and return once it takes jobs."""
        worker = self.worker(*options, **variables)
        await asyncio.to_thread(worker.await_started)
        return worker

    async def statuses(self) -> Mapping[str, int]:
        """Count jobs by how they stand."""
        rows = await self.superuser.fetch("select status, count(*) from jobs group by status")
        return {row["status"]: row["count"] for row in rows}

    async def status(self, job_id: str) -> str:
        """Return how a job stands."""
        return str(await self.superuser.fetchval("select status from jobs where id = $1", job_id))

    async def job(self, job_id: str) -> asyncpg.Record:
        """Return a job as it is stored."""
        found = await self.superuser.fetchrow("select * from jobs where id = $1", job_id)
        assert found is not None
        return found

    async def becomes(self, statuses: Mapping[str, int]) -> None:
        """Return once jobs stand so."""

        async def so() -> bool:
            return await self.statuses() == statuses

        await self.until(so)

    async def until(self, true: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something is true, for a bounded time.

        Raises:
            AssertionError: it does not become true; tells how jobs stand, and what workers said.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not await true():  # noqa: ASYNC110  # what is asked is in other processes
                    await asyncio.sleep(0.05)
        except TimeoutError:
            said = "\n".join(worker.text[-3_000:] for worker in self.workers)
            raise AssertionError(f"{await self.statuses()}\n{said}") from None


@pytest_asyncio.fixture
async def yard(database: FreshDatabase, redis_url: str, tmp_path: Path) -> AsyncIterator[Yard]:
    """Give a yard with an operator, a receiver, and a broker of its own that keeps what it has."""
    async with AsyncExitStack() as stack:
        caller = a_caller(Ids(SystemClock()))
        environments = the_yard()
        project_id = await a_project(
            database, caller, environment=ENVIRONMENT, environments=environments
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
        yield Yard(
            world=world,
            receiver=receiver,
            broker=broker,
            superuser=superuser,
            path=plugin_folder(tmp_path / "plugins"),
            variables={
                "PLANGATE_DATABASE_URL": database.app_url,
                "PLANGATE_REDIS_URL": redis_url,
                "PLANGATE_BROKER_URL": broker.url,
                "PLANGATE_TOKEN_KEYS": KEY,
                "PLANGATE_EGRESS_ALLOW": f"127.0.0.1:{receiver.port}",
                "PLANGATE_JOB_LEASE_S": str(LEASE_S),
            },
            stack=stack,
        )
