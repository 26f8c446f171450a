"""Measure how fast jobs are done, how soon they start, and whom they hold up: `make bench-queue`.

Jobs do nothing. Workers are real processes; all share this machine with the servers and with who
puts jobs, so that figures are of that many cores. Latencies are from the execution to the start.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Final

import uvloop

from tests.bench.http_load import LoadPlan
from tests.bench.queue_world import QueueWorld, paced, queue_world, spent_s
from tests.bench.runtime_speed import ROOT, execute_path, furnished, increment, loaded, platform
from tests.execution import World

TENANTS: Final = 12
QUIET_PER_S: Final = 10.0
STEADY_PER_S: Final = 200.0
_WAITS: Final = (
    "select organization_id, extract(epoch from started_at - created_at)::float8 as waited_s "
    "from jobs where created_at >= now() - make_interval(secs => $1)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Say how much to measure."""

    jobs: int
    workers: int
    seconds: float
    rounds: int
    drained: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--drained", type=int, default=50_000)
    parser.add_argument("--only", choices=("rate", "latency", "noise", "api"))
    asked = parser.parse_args()
    wanted = Wanted(
        jobs=asked.jobs,
        workers=asked.workers,
        seconds=asked.seconds,
        rounds=asked.rounds,
        drained=asked.drained,
    )
    with tempfile.TemporaryDirectory(prefix="plangate-bench-") as folder:
        uvloop.run(_measured(Path(folder), wanted, only=asked.only))  # as a process that serves


async def _measured(folder: Path, wanted: Wanted, *, only: str | None) -> None:
    async with queue_world(folder, tenants=TENANTS) as world:
        for name, measure in (
            ("rate", _rate),
            ("latency", _latency),
            ("noise", _noise),
            ("api", _api),
        ):
            if only in (None, name):
                await measure(world, wanted)


async def _rate(world: QueueWorld, wanted: Wanted) -> None:
    """Jobs a second, from a backlog that is let go to the last end."""
    rates = []
    with world.workers(wanted.workers) as workers:
        for number in range(wanted.rounds + 1):
            jobs = wanted.jobs if number else wanted.jobs // 10  # the first one warms up
            await world.hold_back()
            await world.fill(jobs)
            before, began = spent_s(workers), time.perf_counter()
            await world.let_flow()
            await world.all_done()
            took = time.perf_counter() - began
            if number:
                rates.append(jobs / took)
                after = spent_s(workers)
                cost = ", ".join(
                    f"{part} {(after[part] - before[part]) * 1e6 / jobs:.0f}" for part in after
                )
                print(f"  {jobs / took:6.0f} jobs/s; CPU a job in µs: {cost}")
    bare = await asyncio.to_thread(_bare_per_s, world.redis_url)
    print(
        f"no-op jobs, {wanted.workers} worker(s), {os.cpu_count()} cores: {median(rates):.0f}/s "
        f"(goal 2,000); plain Celery's tasks: {bare:.0f}/s"
    )


def _bare_per_s(redis_url: str) -> float:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.bare_celery", redis_url, "3000"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=200,
    )
    return float(ran.stdout)


async def _latency(world: QueueWorld, wanted: Wanted) -> None:
    """How soon jobs start at a steady rate."""
    found: list[float] = []
    halves: list[float] = []
    with world.workers(wanted.workers):
        await _put(world, world.tenants, per_s=STEADY_PER_S, seconds=2.0)
        for _ in range(wanted.rounds):
            waits = await _put(world, world.tenants, per_s=STEADY_PER_S, seconds=wanted.seconds)
            every = [wait for some in waits.values() for wait in some]
            found.append(_p99_ms(every))
            halves.append(1_000 * median(every))
    print(
        f"start at {STEADY_PER_S:.0f}/s: p50 {median(halves):.0f} ms, p99 {median(found):.0f} ms "
        "after the execution (goal p99 150)"
    )


async def _noise(world: QueueWorld, wanted: Wanted) -> None:
    """How soon jobs of others start while one organization puts ten times as many."""
    noisy, *quiet = world.tenants
    loads = {"quiet": quiet, "noisy": [*quiet, *[noisy] * 10]}
    found: dict[str, list[float]] = {"quiet": [], "noisy": []}
    with world.workers(wanted.workers):
        await _put(world, quiet, per_s=QUIET_PER_S * len(quiet), seconds=2.0)
        for _ in range(wanted.rounds):
            for name, tenants in loads.items():
                waits = await _put(
                    world, tenants, per_s=QUIET_PER_S * len(tenants), seconds=wanted.seconds
                )
                others = [waits[item.caller.organization_id] for item in quiet]
                found[name].append(_p99_ms([wait for some in others for wait in some]))
    calm, loud = found["quiet"], found["noisy"]
    ratios = sorted(noisy / still for still, noisy in zip(calm, loud, strict=True))
    print(
        f"start of others' jobs: p99 {median(calm):.0f} ms, beside a noisy organization "
        f"{median(loud):.0f} ms; round by round {median(ratios) - 1:+.0%} "
        f"({ratios[0] - 1:+.0%} to {ratios[-1] - 1:+.0%}; goal at most +20%)"
    )


async def _api(world: QueueWorld, wanted: Wanted) -> None:
    """How fast executions are answered while a backlog is drained."""
    with platform(world.database_url, world.redis_url) as url:
        served = await asyncio.to_thread(furnished, url)
        plan = LoadPlan(
            url=url,
            paths=[execute_path(project) for project in served.projects],
            bodies=[increment(1), increment(-1)],
            token=served.token,
            clients=1,
            seconds=wanted.seconds,
        )
        await asyncio.to_thread(loaded, plan)
        alone = await asyncio.to_thread(loaded, plan)
        with _idling():
            beside_nothing = await asyncio.to_thread(loaded, plan)
        await world.hold_back()
        await world.fill(wanted.drained)
        with world.workers(wanted.workers):
            await world.let_flow()
            beside = await asyncio.to_thread(loaded, plan)
            await world.all_done()
    print(
        f"an execution over REST: p99 {alone['p99_ms']:.1f} ms, while {wanted.drained} jobs drain "
        f"{beside['p99_ms']:.1f} ms ({beside['p99_ms'] / alone['p99_ms']:.2f}x, goal 1.1x); beside "
        f"one process that only counts {beside_nothing['p99_ms'] / alone['p99_ms']:.2f}x"
    )


@contextmanager
def _idling() -> Iterator[None]:
    """Keep one core of this machine busy with nothing: the least that any work beside costs."""
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        child.kill()
        child.wait()


async def _put(
    world: QueueWorld, tenants: Sequence[World], *, per_s: float, seconds: float
) -> dict[str, list[float]]:
    """Put jobs at a steady rate, and return how long they waited, by organization."""
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        async for number in paced(per_s, seconds):
            group.create_task(world.put(tenants[number % len(tenants)]))
    await world.all_done()
    waits: dict[str, list[float]] = {}
    for row in await world.superuser.fetch(_WAITS, time.perf_counter() - began):
        waits.setdefault(row["organization_id"], []).append(row["waited_s"])
    return waits


def _p99_ms(waits_s: Sequence[float]) -> float:
    return 1_000 * quantiles(waits_s, n=100)[98]


if __name__ == "__main__":
    main()
