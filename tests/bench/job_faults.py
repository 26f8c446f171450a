"""Kill workers, relays and the broker again and again while jobs flow, and count what is lost.

Executions are made in this process; workers are `plangate worker`, relays are replicas of the API
(and each worker has one), the broker is a Redis with its log on. All are killed with signal 9 at
random moments and started again. A receiver on loopback remembers every key. Afterwards, with
nobody killed, jobs run for ten leases. Says one line a law; ends with 1 if one is broken.
Run it with `python -m tests.bench.job_faults --jobs 20000`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.adapters.embedded.redis import EmbeddedRedis
from runtime.domain.plan import Plan, Step
from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from runtime.store import schema
from runtime.store.session import Database
from tests.execution import World, a_caller, a_project, opened
from tests.hostile_plugin import ENVIRONMENT
from tests.servers.api import ApiServer
from tests.servers.receiver import Receiver, a_receiver
from tests.servers.stoppable_redis import StoppableRedis
from tests.servers.worker_process import WorkerProcess, plugin_folder, worker_process
from tests.yard import KEY, the_yard

LEASE_S: Final = 2.0
STEPS: Final = 5
CLIENTS: Final = 4
WORKERS: Final = 3
LONG_JOBS: Final = 10
LOOK_S: Final = 0.5
SETTLING_S: Final = 300.0


@dataclass(slots=True, kw_only=True)
class Campaign:
    """Hold what is harmed, and how often it was."""

    world: World
    receiver: Receiver
    superuser: asyncpg.Connection[asyncpg.Record]
    broker: StoppableRedis
    api: ApiServer
    start_worker: Callable[[], WorkerProcess]
    workers: list[WorkerProcess] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)
    asked: int = 0

    async def put(self, jobs: int) -> None:
        """Execute plans until there are so many more jobs."""
        wanted = self.asked + jobs

        async def client() -> None:
            while self.asked < wanted:
                self.asked += STEPS
                url = f"http://127.0.0.1:{self.receiver.port}/"
                step = Step(action="yard.do@1", inputs={"how": "post", "url": url})
                outcome = await self.world.execute(Plan(steps=(step,) * STEPS))
                assert outcome["status"] == "done", outcome

        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(client())

    async def harm(self, *, every_s: float, chance: random.Random) -> None:
        """Kill somebody every so often, and start them again."""
        while True:
            await asyncio.sleep(every_s * (0.5 + chance.random()))
            match chance.choice(("worker", "worker", "worker", "relay", "broker")):
                case "worker":
                    await self._kill_worker(chance.randrange(len(self.workers)))
                case "relay":
                    await asyncio.to_thread(self.api.kill)
                    self.api.begin()
                    self.killed["relay"] += 1
                case _:
                    self.broker.stop()
                    self.killed["broker"] += 1
                    await asyncio.sleep(chance.random() * 2)
                    await asyncio.to_thread(self.broker.start)

    async def _kill_worker(self, place: int) -> None:
        """Kill one, whether it is at work or just starts."""
        await asyncio.to_thread(self.workers[place].kill)
        self.workers[place] = self.start_worker()
        self.killed["worker"] += 1

    async def open_jobs(self) -> int:
        """Count jobs that have not ended."""
        found = await self.superuser.fetchval(
            "select count(*) from jobs where status in ('waiting', 'running')"
        )
        return int(found)

    async def settled(self) -> bool:
        """Return once all jobs have ended: whether they did in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLING_S):
                while await self.open_jobs():  # noqa: ASYNC110  # it is in a database
                    await asyncio.sleep(LOOK_S)
                return True
        return False

    async def keys(self) -> Mapping[str, asyncpg.Record]:
        """Return all jobs by their ids, which are their keys."""
        rows = await self.superuser.fetch("select id, status, attempt, crashes from jobs")
        return {row["id"]: row for row in rows}


async def campaign(*, jobs: int, every_s: float, seed: int) -> bool:
    """Run it, and return whether every law held."""
    chance = random.Random(seed)
    async with _opened() as harmed:
        began_s = time.monotonic()
        harming = asyncio.create_task(harmed.harm(every_s=every_s, chance=chance))
        await harmed.put(jobs)
        while await harmed.open_jobs() > jobs // 100:
            if harming.done():
                harming.result()
            if time.monotonic() - began_s > SETTLING_S:
                break
            await asyncio.sleep(LOOK_S)
        harming.cancel()
        with suppress(asyncio.CancelledError):
            await harming
        await asyncio.to_thread(harmed.broker.start)
        settled = await harmed.settled()
        flow_s = time.monotonic() - began_s
        laws = [*await _laws(harmed, settled=settled), await _long_law(harmed)]
    deaths = ", ".join(f"{name} {count} times" for name, count in sorted(harmed.killed.items()))
    sys.stdout.write(f"{jobs} jobs in {flow_s:.0f} s, killed: {deaths}; seed {seed}\n")
    for name, held, said in laws:
        sys.stdout.write(f"{'held  ' if held else 'BROKEN'} {name}: {said}\n")
    return all(held for _, held, _ in laws)


async def _laws(harmed: Campaign, *, settled: bool) -> list[tuple[str, bool, str]]:
    keys = await harmed.keys()
    statuses = Counter(row["status"] for row in keys.values())
    received = Counter(item.headers["idempotency-key"] for item in harmed.receiver.received)
    repeated = sum(count - 1 for count in received.values())
    missing, foreign = set(keys) - set(received), set(received) - set(keys)
    return [
        (
            "no job is lost",
            settled and set(statuses) == {"done"} and len(keys) == harmed.asked,
            f"{harmed.asked} asked for, {dict(statuses)}",
        ),
        (
            "each effect takes place exactly once where keys are honoured",
            not missing and not foreign,
            f"{len(received)} keys of {len(keys)} jobs, {repeated} repetitions recognised",
        ),
        (
            "nobody's job is put aside because others' processes were killed",
            statuses["quarantined"] == 0,
            f"{statuses['quarantined']} put aside",
        ),
    ]


async def _long_law(harmed: Campaign) -> tuple[str, bool, str]:
    """Let jobs run for ten leases with nobody killed."""
    before = set(await harmed.keys())
    step = Step(action="yard.do@1", inputs={"how": "wait", "seconds": 10 * LEASE_S})
    for _ in range(LONG_JOBS // STEPS):
        await harmed.world.execute(Plan(steps=(step,) * STEPS))
    settled = await harmed.settled()
    found = [row for key, row in (await harmed.keys()).items() if key not in before]
    attempts = Counter(row["attempt"] for row in found)
    return (
        "a job that takes ten leases is never taken from its worker",
        settled and set(attempts) == {1} and len(found) == LONG_JOBS,
        f"{LONG_JOBS} jobs, attempts {dict(attempts)}",
    )


@asynccontextmanager
async def _opened() -> AsyncIterator[Campaign]:
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plangate-")))
        postgres = stack.enter_context(EmbeddedPostgres.started(folder))
        leases = stack.enter_context(EmbeddedRedis.started(folder))
        broker = stack.enter_context(StoppableRedis(durable=True))
        await schema.upgrade(postgres.url(role="owner"))
        database = await Database.opened(postgres.url(role="app"))
        stack.push_async_callback(database.close)
        superuser = await asyncpg.connect(postgres.url(role="superuser"))
        stack.push_async_callback(superuser.close)
        receiver = await stack.enter_async_context(a_receiver())
        caller = a_caller(Ids(SystemClock()))
        environments = the_yard()
        project_id = await a_project(
            database, caller, environment=ENVIRONMENT, environments=environments
        )
        world = await opened(
            stack,
            database,
            leases.url(),
            caller=caller,
            project_id=project_id,
            environments=environments,
        )
        variables = {
            "PLANGATE_DATABASE_URL": postgres.url(role="app"),
            "PLANGATE_REDIS_URL": leases.url(),
            "PLANGATE_BROKER_URL": broker.url,
            "PLANGATE_TOKEN_KEYS": KEY,
            "PLANGATE_EGRESS_ALLOW": f"127.0.0.1:{receiver.port}",
            "PLANGATE_JOB_LEASE_S": str(LEASE_S),
            "PLANGATE_LOG_LEVEL": "error",
        }
        api = ApiServer(
            database_url=variables["PLANGATE_DATABASE_URL"],
            redis_url=leases.url(),
            environ={"PLANGATE_BROKER_URL": broker.url},
        )
        stack.callback(api.kill)
        path = plugin_folder(folder / "plugins")
        found = Campaign(
            world=world,
            receiver=receiver,
            superuser=superuser,
            broker=broker,
            api=api,
            start_worker=lambda: stack.enter_context(worker_process(variables, path=(path,))),
        )
        api.begin()
        found.workers.extend(found.start_worker() for _ in range(WORKERS))
        yield found


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description="Kill what runs jobs, and count what is lost.")
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--every-s", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    held = asyncio.run(campaign(jobs=asked.jobs, every_s=asked.every_s, seed=asked.seed))
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
