"""Hold what `queue_speed` measures: organizations whose jobs do nothing, and workers that do them.

Executions are made in this process, which hands their jobs over as one that serves does; workers
are `plangate worker`, servers are the embedded ones with fsync on.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg

from runtime.adapters.celery.queue import open_queue
from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.adapters.embedded.redis import EmbeddedRedis
from runtime.bootstrap.collector import settle_collector
from runtime.bootstrap.relaying import relayed
from runtime.domain.plan import Plan, Step
from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from runtime.services.jobs.measures import UnmeasuredJobs
from runtime.store import schema
from runtime.store.job_queues import limit, pause, resume
from runtime.store.session import Database, PoolSizes
from tests.execution import World, a_caller, a_project, opened
from tests.hostile_plugin import ENVIRONMENT
from tests.servers.worker_process import WorkerProcess, plugin_folder, worker_process
from tests.yard import KEY, the_yard

STEPS: Final = 5
"""Of a plan that fills a queue, each with one job."""
AT_ONCE: Final = 16
NOTHING: Final = Step(action="yard.do@1", inputs={"how": "post"})
PARTS: Final = {"postgres": "postgres", "redis-server": "redis"}
_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_OPEN: Final = "select count(*) from jobs where status in ('waiting', 'running')"


@dataclass(slots=True, kw_only=True)
class QueueWorld:
    """Hold servers, organizations, and how to start workers."""

    database: Database
    superuser: asyncpg.Connection[asyncpg.Record]
    database_url: str
    redis_url: str
    tenants: Sequence[World]
    path: Path
    stack: AsyncExitStack = field(repr=False)

    async def put(self, world: World, *, steps: int = 1) -> None:
        """Execute a plan whose steps have a job each."""
        await world.execute(Plan(steps=(NOTHING,) * steps))

    async def fill(self, jobs: int) -> None:
        """Put jobs, of each organization as many."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(world: World) -> None:
            async with places:
                await self.put(world, steps=STEPS)

        async with asyncio.TaskGroup() as group:
            for number in range(jobs // STEPS):
                group.create_task(one(self.tenants[number % len(self.tenants)]))

    async def hold_back(self) -> None:
        """Pause the queues of all organizations."""
        for world in self.tenants:
            of = world.caller.organization_id
            async with self.database.transaction(of) as connection:
                await pause(connection, organization_id=of, by="bench", why="it is filled")

    async def let_flow(self) -> None:
        """Let all jobs flow."""
        for world in self.tenants:
            of = world.caller.organization_id
            async with self.database.transaction(of) as connection:
                await resume(connection, organization_id=of, by="bench")

    async def at_once(self, jobs: int) -> None:
        """Say how many jobs of each organization may be under way."""
        for world in self.tenants:
            of = world.caller.organization_id
            async with self.database.transaction(of) as connection:
                await limit(
                    connection, organization_id=of, by="bench", at_once=jobs, per_minute=None
                )

    async def all_done(self, *, within_s: float = 300.0) -> None:
        """Wait until nothing waits or runs.

        Raises:
            RuntimeError: a job did not end well.
        """
        async with asyncio.timeout(within_s):
            while await self.superuser.fetchval(_OPEN):  # noqa: ASYNC110  # it is in a database
                await asyncio.sleep(0.1)
        strange = await self.superuser.fetch(
            "select status, reason, count(*) from jobs where status <> 'done' group by 1, 2"
        )
        if strange:
            raise RuntimeError(f"jobs did not end well: {[dict(row) for row in strange]}")

    @contextmanager
    def workers(self, number: int, *options: str) -> Iterator[list[WorkerProcess]]:
        """Run workers while the block does."""
        variables = {
            "PLANGATE_DATABASE_URL": self.database_url,
            "PLANGATE_REDIS_URL": self.redis_url,
            "PLANGATE_BROKER_URL": self.redis_url,
            "PLANGATE_TOKEN_KEYS": KEY,
        }
        with ExitStack() as stack:
            workers = [
                stack.enter_context(worker_process(variables, *options, path=[self.path]))
                for _ in range(number)
            ]
            for worker in workers:
                worker.await_started()
            yield workers


@asynccontextmanager
async def queue_world(folder: Path, *, tenants: int) -> AsyncIterator[QueueWorld]:
    """Start servers, and found organizations."""
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(EmbeddedPostgres.started(folder / "postgres"))
        redis = stack.enter_context(EmbeddedRedis.started(folder / "redis"))
        await schema.upgrade(postgres.url(role="owner"))
        url = postgres.url(role="app")
        database = await Database.opened(url, sizes=PoolSizes(direct=8, general=4))
        stack.push_async_callback(database.close)
        queue = open_queue(redis.url())
        stack.push_async_callback(queue.close)
        relay = await stack.enter_async_context(
            relayed(database, queue, clock=SystemClock(), measures=UnmeasuredJobs())
        )
        superuser: Any = await asyncpg.connect(postgres.url(role="superuser"))
        stack.push_async_callback(superuser.close)
        environments = the_yard()
        worlds = []
        for _ in range(tenants):
            caller = a_caller(Ids(SystemClock()))
            project = await a_project(
                database, caller, environment=ENVIRONMENT, environments=environments
            )
            worlds.append(
                await opened(
                    stack,
                    database,
                    redis.url(),
                    caller=caller,
                    project_id=project,
                    environments=environments,
                    jobs_put=relay.wake,
                )
            )
        settle_collector()  # as a process that serves does
        yield QueueWorld(
            database=database,
            superuser=superuser,
            database_url=url,
            redis_url=redis.url(),
            tenants=worlds,
            path=plugin_folder(folder / "plugins"),
            stack=stack,
        )


def spent_s(workers: Sequence[WorkerProcess]) -> dict[str, float]:
    """Return the seconds of CPU that servers and workers of this process have spent so far."""
    spent = {"worker": sum(_cpu_s(worker.process.pid) for worker in workers)}
    parents = {pid: _parent(pid) for pid in _pids()}
    for pid in parents:
        told = _read(pid, "cmdline")
        part = next((name for word, name in PARTS.items() if word in told), None)
        if part is not None and _descends(pid, os.getpid(), parents):
            spent[part] = spent.get(part, 0.0) + _cpu_s(pid)
    return spent


def _cpu_s(pid: int) -> float:
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:13]) * _TICK_S


def _pids() -> list[int]:
    return [int(item.name) for item in Path("/proc").iterdir() if item.name.isdigit()]


def _parent(pid: int) -> int:
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return int(fields[1]) if fields else 0


def _descends(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    while pid and pid != ancestor:
        pid = parents.get(pid, 0)
    return pid == ancestor


def _read(pid: int, name: str) -> str:
    try:
        return Path("/proc", str(pid), name).read_text(errors="replace")
    except OSError:
        return ""


async def paced(per_s: float, seconds: float) -> AsyncIterator[int]:
    """Yield numbers at a steady rate, whatever becomes of them."""
    began = time.perf_counter()
    for number in range(int(per_s * seconds)):
        due_s = began + number / per_s - time.perf_counter()
        if due_s > 0:
            await asyncio.sleep(due_s)
        yield number
