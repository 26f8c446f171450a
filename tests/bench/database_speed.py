"""Measure what a long history and row security cost, as ratios in one run: `make bench-runtime`.

History: an execution's latency on a project without a past, and on one with a million outcomes, in
turns. Row security: the same reads under the app's role, and under one that bypasses row security
and names the organization itself.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Final

import asyncpg
import uvloop

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.adapters.embedded.redis import EmbeddedRedis
from runtime.domain.caller import Caller
from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from runtime.store import schema
from runtime.store.session import Database
from tests.execution import World, a_caller, a_project, an_increment, opened

ROWS: Final = 1_000_000
TURNS: Final = 40
EXECUTIONS: Final = 25
READS: Final = 2_000
_FILL: Final = """
insert into outcomes
  (organization_id, project_id, number, id, principal_id, credential_id, status, refusal_code,
   plan_digest, before_version, after_version, cost, document, fence, created_at)
select $1, $2, n, 'out_' || lpad(n::text, 26, '0'), 'mem', 'tok', 'done', null, 'sha256:0', n, n, 1,
  repeat('x', 300), 0, now() from generate_series(1, $3::bigint) as n
"""
_PAGE: Final = (
    "select number, id, status, document from outcomes where project_id = $1 "
    "order by number desc limit 50"
)
_PAGE_NAMED: Final = (
    "select number, id, status, document from outcomes where organization_id = $2 "
    "and project_id = $1 order by number desc limit 50"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="plangate-bench-") as folder,
        EmbeddedPostgres.started(Path(folder) / "postgres") as postgres,
        EmbeddedRedis.started(Path(folder) / "redis") as redis,
    ):
        asyncio.run(schema.upgrade(postgres.url(role="owner")))
        uvloop.run(_measure(postgres, redis.url(), asked.rows))


async def _measure(postgres: EmbeddedPostgres, redis_url: str, rows: int) -> None:
    caller = a_caller(Ids(SystemClock()))
    async with AsyncExitStack() as stack:
        database = await Database.opened(postgres.url(role="app"))
        stack.push_async_callback(database.close)
        young, old = [await a_project(database, caller) for _ in range(2)]
        await _fill(postgres, caller, old, rows)
        places = [
            await opened(stack, database, redis_url, caller=caller, project_id=project)
            for project in (young, old)
        ]
        await _compare_histories(places, rows)
        await _compare_security(postgres, caller, old)


async def _fill(postgres: EmbeddedPostgres, caller: Caller, project: str, rows: int) -> None:
    """Give a project a long past, faster than by living it."""
    superuser = await asyncpg.connect(postgres.url(role="superuser"))
    await superuser.execute("set session_replication_role = replica")
    await superuser.execute(_FILL, caller.organization_id, project, rows)
    await superuser.execute("update heads set outcomes = $2 where project_id = $1", project, rows)
    await superuser.execute("vacuum analyze outcomes")
    await superuser.close()


async def _compare_histories(places: list[World], rows: int) -> None:
    took: list[list[float]] = [[], []]
    for turn in range(TURNS + 2):
        for latencies, place in zip(took, places, strict=True):
            for number in range(EXECUTIONS):
                began_s = time.perf_counter()
                await place.execute(an_increment(1 if number % 2 == 0 else -1))
                if turn > 1:
                    latencies.append(time.perf_counter() - began_s)
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        empty, full = (1000 * _at(latencies, share) for latencies in took)
        print(
            f"execution {name}: no history {empty:.2f} ms, {rows:,} outcomes {full:.2f} ms, "
            f"ratio {full / empty:.2f}" + (" (goal at most 1.15)" if name == "p99" else "")
        )


async def _compare_security(postgres: EmbeddedPostgres, caller: Caller, project: str) -> None:
    """Read pages under row security, and past it with the organization named."""
    organization = caller.organization_id
    secured = await asyncpg.connect(postgres.url(role="app"))
    await secured.execute("select set_config('app.organization_id', $1, false)", organization)
    bypassing = await asyncpg.connect(postgres.url(role="superuser"))
    ratios = []
    for _ in range(7):
        by_policy = await _timed(lambda: secured.fetch(_PAGE, project))
        by_name = await _timed(lambda: bypassing.fetch(_PAGE_NAMED, project, organization))
        ratios.append(by_policy / by_name)
    await secured.close()
    await bypassing.close()
    print(
        f"a page of 50 outcomes: row security / explicit WHERE {median(ratios):.2f} "
        "(goal at most 1.10)"
    )


async def _timed(read: Callable[[], Awaitable[object]]) -> float:
    began_s = time.perf_counter()
    for _ in range(READS):
        await read()
    return time.perf_counter() - began_s


def _at(latencies: list[float], share: float) -> float:
    return sorted(latencies)[int(len(latencies) * share)]


if __name__ == "__main__":
    main()
