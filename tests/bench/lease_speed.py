"""Measure the lease against redis-py's own async Lock, in one run on one local Redis.

16 contenders want one key and do 1 ms of awaited work under it: ours in one process and over 4,
redis-py's Lock as it comes. Between two turns a contender is away for 5 ms on average, as a caller
is who takes its answer and asks again; the bar holds there: at least 2 times the rate of redis-py's
Lock, and a p99 of the wait of at most 0.1 of its. A wait that is not over at the end counts with
what it took so far.

Then the same with no time between turns. There the rate of redis-py's Lock says how fast one
contender is that takes the key again before the others look: see its min/max. Its Lock is shown
with a poll of 1 ms too. Last, one contender alone.
Run it with `python -m tests.bench.lease_speed`.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from random import Random

import orjson
from redis.asyncio import BlockingConnectionPool, Redis

from runtime.adapters.redis_leases.opening import open_leases
from runtime.kit.clock import SystemClock
from runtime.ports.leases import hold
from tests.servers.redis_server import redis_server

CONTENDERS = 16
PROCESSES = 4
WORK_S = 0.001
AWAY_S = 0.005
WARM_UP_S = 0.3
PATIENCE_S = 30.0
PAIRS = 3000
KEYS = 64
HEAD = f"{'turns/s':>8}{'p50 ms':>10}{'p99 ms':>10}{'min/max':>10}{'cpu us':>10}"
RATE_BAR = 2.0
P99_BAR = 0.1

Enter = Callable[[str], AbstractAsyncContextManager[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Hold what one process saw: turns by contender, each wait (alone: each pair), CPU time."""

    counts: list[int]
    waits_ms: list[float]
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Hold what all processes of one way saw."""

    name: str
    seen: list[Seen]
    seconds: float

    @property
    def turns(self) -> int:
        """Return how many turns were taken."""
        return sum(sum(each.counts) for each in self.seen)

    @property
    def rate(self) -> float:
        """Return turns a second."""
        return self.turns / self.seconds

    @property
    def cpu_us(self) -> float:
        """Return the CPU time of the clients for one turn, the work itself included."""
        return sum(each.cpu_s for each in self.seen) / max(1, self.turns) * 1e6

    @property
    def fairness(self) -> float:
        """Return the turns of the poorest contender as a share of the richest's."""
        counts = [turns for each in self.seen for turns in each.counts]
        return min(counts) / max(1, *counts)

    def wait_ms(self, share: float) -> float:
        """Return a quantile of the waits."""
        ordered = sorted(wait for each in self.seen for wait in each.waits_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def row(self) -> str:
        """Return the figures side by side."""
        return (
            f"{self.name:<34}{self.rate:>8.0f}{self.wait_ms(0.5):>10.2f}{self.wait_ms(0.99):>10.2f}"
            f"{self.fairness:>10.2f}{self.cpu_us:>10.0f}"
        )


@asynccontextmanager
async def ours(url: str) -> AsyncIterator[Enter]:
    """Open our leases."""
    leases = open_leases([url], instance="bench", clock=SystemClock())
    await leases.ready()
    yield lambda key: hold(leases, key, wait_s=PATIENCE_S)
    await leases.close()


@asynccontextmanager
async def theirs(url: str, sleep_s: float = 0.1) -> AsyncIterator[Enter]:
    """Open redis-py's Lock, with its own default poll of 0.1 s or another."""
    pool = BlockingConnectionPool.from_url(url, max_connections=CONTENDERS + 1)
    client = Redis(connection_pool=pool)
    yield lambda key: client.lock(
        key, timeout=6, sleep=sleep_s, blocking=True, blocking_timeout=PATIENCE_S
    )
    await client.aclose()
    await pool.disconnect()


WAYS: dict[str, Callable[[str], AbstractAsyncContextManager[Enter]]] = {
    "ours": ours,
    "theirs": theirs,
    "theirs-1ms": lambda url: theirs(url, WORK_S),
}


async def contend(enter: Enter, options: argparse.Namespace) -> Seen:
    """Let contenders take turns for a while; count what happened after the warm-up."""
    counts = [0] * options.contenders
    waits_ms: list[float] = []
    begin_s = time.monotonic() + WARM_UP_S
    end_s = begin_s + options.seconds
    chance = Random(options.seed)

    async def take_turns(number: int) -> None:
        while (asked_s := time.monotonic()) < end_s:
            async with enter("hot"):
                got_s = time.monotonic()
                if got_s < end_s:
                    await asyncio.sleep(WORK_S)
            counts[number] += begin_s <= got_s < end_s
            if got_s >= begin_s:
                waits_ms.append((min(got_s, end_s) - asked_s) * 1000)
            if options.away_s:
                await asyncio.sleep(2 * options.away_s * chance.random())

    cpu_s = time.process_time()
    async with asyncio.TaskGroup() as group:
        for number in range(options.contenders):
            group.create_task(take_turns(number))
    return Seen(counts=counts, waits_ms=waits_ms, cpu_s=time.process_time() - cpu_s)


async def alone(enter: Enter) -> Seen:
    """Acquire and release without a rival, and time the pair."""
    for number in range(PAIRS // 10):
        async with enter(f"free-{number % KEYS}"):
            pass
    spans_ms: list[float] = []
    cpu_s = time.process_time()
    for number in range(PAIRS):
        begin_s = time.perf_counter()
        async with enter(f"free-{number % KEYS}"):
            pass
        spans_ms.append((time.perf_counter() - begin_s) * 1000)
    return Seen(counts=[PAIRS], waits_ms=spans_ms, cpu_s=time.process_time() - cpu_s)


async def play(options: argparse.Namespace) -> None:
    """Play one process of one way: wait for the word to go, then print what was seen."""
    async with WAYS[options.way](options.url) as enter:
        async with enter("ready"):
            pass
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        if options.contenders > 1:
            seen = await contend(enter, options)
        else:
            seen = await alone(enter)
    sys.stdout.buffer.write(orjson.dumps(seen))


def measure(
    name: str,
    way: str,
    *,
    url: str,
    seconds: float,
    away_s: float = 0.0,
    processes: int = 1,
    contenders: int = CONTENDERS,
) -> Figures:
    """Start processes, let them go together, and gather what they saw."""
    command = [sys.executable, "-m", "tests.bench.lease_speed", "--url", url, "--way", way]
    command += ["--contenders", str(contenders // processes), "--seconds", str(seconds)]
    command += ["--away-s", str(away_s)]
    children = [
        subprocess.Popen(
            [*command, "--seed", str(seed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for seed in range(processes)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.flush()
    said = [child.communicate(timeout=120)[0] for child in children]
    return Figures(name=name, seen=[Seen(**orjson.loads(each)) for each in said], seconds=seconds)


def compare(url: str, seconds: float) -> bool:
    """Measure all ways, print the ratios, and say whether the bar is kept."""
    run = partial(measure, url=url, seconds=seconds)
    away = partial(run, away_s=AWAY_S)
    print(f"{CONTENDERS} contenders, away for 5 ms".ljust(34) + HEAD)
    single = shown(away("ours, 1 process", "ours"))
    spread = shown(away(f"ours, {PROCESSES} processes", "ours", processes=PROCESSES))
    peer = shown(away("redis-py Lock", "theirs"))
    verdicts = [judged(figures, peer) for figures in (single, spread)]
    print(f"\n{CONTENDERS} contenders, never away".ljust(35) + HEAD)
    shown(run("ours, 1 process", "ours"))
    shown(run(f"ours, {PROCESSES} processes", "ours", processes=PROCESSES))
    shown(run("redis-py Lock", "theirs"))
    shown(run("redis-py Lock, poll 1 ms", "theirs-1ms"))
    print("\none contender alone, acquire and release")
    for name, way in (("ours", "ours"), ("redis-py Lock", "theirs")):
        pair = run(name, way, contenders=1)
        print(f"{name}: p50 {pair.wait_ms(0.5) * 1000:.0f} us, CPU {pair.cpu_us:.0f} us")
    return all(verdicts)


def shown(figures: Figures) -> Figures:
    """Print the figures and return them."""
    print(figures.row(), flush=True)
    return figures


def judged(figures: Figures, peer: Figures) -> bool:
    """Print how the figures stand to the peer's, and say whether the bar is kept."""
    rate, p99 = figures.rate / peer.rate, figures.wait_ms(0.99) / peer.wait_ms(0.99)
    kept = rate >= RATE_BAR and p99 <= P99_BAR
    print(
        f"{figures.name}: rate {rate:.1f} x redis-py's Lock (bar {RATE_BAR:g}), p99 {p99:.3f} x "
        f"(bar {P99_BAR:g}): {'kept' if kept else 'MISSED'}"
    )
    return kept


def main() -> None:
    """Read the options; without a URL start the server and compare, with one play a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each way")
    parser.add_argument("--way", choices=sorted(WAYS), help="play one process of this way")
    parser.add_argument("--url", help="the server to play on")
    parser.add_argument("--contenders", type=int, default=1)
    parser.add_argument("--away-s", type=float, default=0.0, help="between two turns, on average")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.way:
        asyncio.run(play(options))
        return
    with redis_server() as url:
        kept = compare(url, options.seconds)
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
