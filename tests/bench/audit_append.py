"""Measure what numbering audit records costs: `python -m tests.bench.audit_append`.

A leaf's share of an append, sealing and hashing included; executions with and without numbering
beside them, in turns; and what the note of a waiting record, or a counter in its stead, would add
to commits of one organization. CPU time is that of this process and of Postgres together.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import asyncpg
import uvloop

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.adapters.embedded.redis import EmbeddedRedis
from runtime.bootstrap.collector import settle_collector
from runtime.kit.clock import SystemClock
from runtime.services.audit.sequencing import Sequencing
from runtime.services.context import Ids
from runtime.store import schema
from runtime.store.session import Database, read_row
from tests.audit_log import LogWorld, a_log_world
from tests.bench.cpu_time import spent_s
from tests.execution import World, a_caller, a_project, an_increment, opened

LEAVES: Final = 5_000
EXECUTIONS: Final = 400
AT_ONCE: Final = 8
TURNS: Final = 5
COMMITS: Final = 800
_DOCUMENT: Final = '{"outcome":"' + "x" * 300 + '"}'
_FILL: Final = """
insert into audit_records
  (organization_id, id, project_id, principal_id, kind, document, digest, created_at)
select $1,
  'aud_' || lpad((extract(epoch from clock_timestamp()) * 1e6)::bigint::text || n, 26, '0'),
  'prj_1', 'mem_' || n % 50, 'plan.executed', $2, 'd', now()
from generate_series(1, $3::bigint) as n
"""
_RECORD: Final = """
insert into audit_records
  (organization_id, id, project_id, principal_id, kind, document, digest, created_at)
values ($1, $2, 'prj_1', 'mem_1', 'plan.executed', $3, 'd', now())
"""
_COUNTER: Final = "create table counters (organization_id text primary key, n bigint not null)"
_COUNT: Final = "update counters set n = n + 1 where organization_id = $1"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="plangate-bench-") as folder,
        EmbeddedPostgres.started(Path(folder) / "postgres") as postgres,
        EmbeddedRedis.started(Path(folder) / "redis") as redis,
    ):
        asyncio.run(schema.upgrade(postgres.url(role="owner")))
        uvloop.run(_measure(postgres, redis.url(), asked.turns))


async def _measure(postgres: EmbeddedPostgres, redis_url: str, turns: int) -> None:
    caller = a_caller(Ids(SystemClock()))
    async with AsyncExitStack() as stack:
        database = await Database.opened(postgres.url(role="app"))
        stack.push_async_callback(database.close)
        project = await a_project(database, caller)
        places = [await opened(stack, database, redis_url, caller=caller, project_id=project)]
        world = await a_log_world(database)
        settle_collector()  # as a process that serves does
        leaf_s = await _appends(postgres, world, turns)
        for at_once in (1, AT_ONCE):
            execution_s = await _beside_executions(world, Busy(places[0], at_once), turns)
            print(
                f"CPU of a leaf / of an execution, {at_once} at once: "
                f"{100 * leaf_s / execution_s:.1f} % (goal at most 5 %)"
            )
    await _commits(postgres, caller.organization_id, turns)


@dataclass(frozen=True, slots=True)
class Spent:
    """Hold seconds of the clock, and of CPU."""

    clock_s: float
    cpu_s: float


async def _appends(postgres: EmbeddedPostgres, world: LogWorld, turns: int) -> float:
    """Number a backlog, several times; return the seconds of CPU of one leaf."""
    organization = await world.organization()
    took = []
    for _ in range(turns + 1):
        await _fill(postgres, organization)
        took.append(await _spent(lambda: _drain(world), each=LEAVES))
    took = took[1:]
    cpu = [1e6 * item.cpu_s for item in took]
    clock = [1e6 * item.clock_s for item in took]
    print(
        f"a leaf of a backlog of {LEAVES:,}: {median(cpu):.1f} µs of CPU "
        f"({min(cpu):.1f} to {max(cpu):.1f}; goal at most 45), {median(clock):.1f} µs of the clock"
    )
    return median(cpu) / 1e6


@dataclass(frozen=True, slots=True)
class Busy:
    """Execute in one project, so many at once."""

    place: World
    at_once: int

    async def work(self) -> None:
        """Execute as often as is measured."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self.at_once):
                group.create_task(self._some())

    async def _some(self) -> None:
        for turn in range(EXECUTIONS // self.at_once):
            await self.place.execute(an_increment(1 if turn % 2 == 0 else -1))


async def _beside_executions(world: LogWorld, busy: Busy, turns: int) -> float:
    """Execute with and without numbering beside it; return the CPU of an execution without."""
    await busy.work()
    took: dict[bool, list[Spent]] = {False: [], True: []}
    for _ in range(turns):
        for numbered in (False, True):
            await _drain(world)
            work = _numbered(world, busy) if numbered else busy.work()
            took[numbered].append(await _spent(lambda: work, each=EXECUTIONS))  # noqa: B023  # now
    without, beside = took[False], took[True]
    without_s = median(item.clock_s for item in without)
    beside_s = median(item.clock_s for item in beside)
    ratios = [second.cpu_s / first.cpu_s for first, second in zip(without, beside, strict=True)]
    print(
        f"executions a second, {busy.at_once} at once: {1 / without_s:,.0f} without numbering, "
        f"{1 / beside_s:,.0f} until all are numbered; CPU with / without {median(ratios):.3f} "
        f"({min(ratios):.3f} to {max(ratios):.3f})"
    )
    return median(item.cpu_s for item in without)


async def _numbered(world: LogWorld, busy: Busy) -> None:
    """Execute while records are numbered, and wait for the last of them."""
    keeper = Sequencing(world.database, world.keys, SystemClock())
    running = asyncio.create_task(keeper.run())
    await busy.work()
    keeper.end()
    await running
    await _drain(world)


async def _drain(world: LogWorld) -> None:
    """Number everything, and what could not be for a moment too."""
    keeper = Sequencing(world.database, world.keys, SystemClock(), measures=world.watched)
    while await keeper.look() or await _is_left(world):
        pass
    assert not world.watched.failures, world.watched.failures


async def _is_left(world: LogWorld) -> bool:
    row = await read_row(world.database, "select exists (select from audit_outbox) as there")
    return row is not None and row["there"]


async def _fill(postgres: EmbeddedPostgres, organization_id: str) -> None:
    superuser = await asyncpg.connect(postgres.url(role="superuser"))
    await superuser.execute(_FILL, organization_id, _DOCUMENT, LEAVES)
    await superuser.close()


async def _commits(postgres: EmbeddedPostgres, organization_id: str, turns: int) -> None:
    """Commit records of one organization from many connections: as it is, and in two other ways."""
    superuser = await asyncpg.connect(postgres.url(role="superuser"))
    await superuser.execute(_COUNTER)
    await superuser.execute("insert into counters values ($1, 0)", organization_id)
    sessions = [await asyncpg.connect(postgres.url(role="superuser")) for _ in range(AT_ONCE)]
    announced = "alter table audit_records {} trigger audit_records_announced"
    took: dict[str, list[float]] = {"as it is": [], "without the note": [], "with a counter": []}
    for turn in range(turns):
        for name, found in took.items():
            await superuser.execute(
                announced.format("disable" if name == "without the note" else "enable")
            )
            counted = name == "with a counter"
            found.append(
                await _timed(lambda: _commit(sessions, organization_id, turn, counted=counted))  # noqa: B023  # called at once
            )
    await superuser.execute(announced.format("enable"))
    for connection in (superuser, *sessions):
        await connection.close()
    first = median(took["as it is"])
    for name, found in took.items():
        print(
            f"commits a second of one organization, {AT_ONCE} at once, {name}: "
            f"{COMMITS / median(found):,.0f} (time {median(found) / first:.2f})"
        )


async def _commit(
    sessions: Sequence[asyncpg.Connection[asyncpg.Record]],
    organization_id: str,
    turn: int,
    *,
    counted: bool,
) -> None:
    async def some(number: int, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        for place in range(COMMITS // AT_ONCE):
            async with connection.transaction():
                if counted:
                    await connection.execute(_COUNT, organization_id)
                name = f"aud_{turn}_{number}_{place}_{time.perf_counter_ns()}"
                await connection.execute(_RECORD, organization_id, name, _DOCUMENT)

    async with asyncio.TaskGroup() as group:
        for number, connection in enumerate(sessions):
            group.create_task(some(number, connection))


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    return (await _spent(work, each=1)).clock_s


async def _spent(work: Callable[[], Awaitable[object]], *, each: int) -> Spent:
    """Return what one of so many took."""
    began_s, cpu_s = time.perf_counter(), _cpu_s()
    await work()
    return Spent((time.perf_counter() - began_s) / each, (_cpu_s() - cpu_s) / each)


def _cpu_s() -> float:
    return time.process_time() + spent_s()["postgres"]


if __name__ == "__main__":
    main()
