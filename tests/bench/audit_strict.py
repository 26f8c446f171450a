"""Measure what strict mode adds to an execution: `python -m tests.bench.audit_strict`.

Executions begin at a steady rate, 100 a second by default, whatever the ones before them do, on 16
projects of one organization; each is measured from when it was due. Plain and strict rounds take
turns in one process, on one database with fsync. The sinks are S3 with object lock (moto, a process
of its own, on this machine), files with fsync, and one that takes 20 ms over each object and needs
no processor, so that what remains is what we add. What the check of strictness costs others is
measured apart, as a loop in the database.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import boto3  # type: ignore[import-untyped]  # it has no types
import uvloop
from typing_extensions import override

from runtime.adapters.audit_sinks.s3 import S3Sink
from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.bootstrap.collector import settle_collector
from runtime.domain.plan import Plan
from runtime.kit.canonical_json import digest_bytes
from runtime.kit.clock import SystemClock
from runtime.ports.audit_sink import AuditSink, Receipt, SinkObject
from runtime.ports.sink_address import read_sink_address
from runtime.services.context import Ids
from runtime.services.execution.commits import Commits
from runtime.services.execution.plans import PlanRequest
from runtime.store.audit_settings import put_audit_settings
from runtime.store.session import Database
from tests.database import APP, DatabaseServer, session
from tests.execution import World, a_caller, a_project, an_increment, opened
from tests.servers.redis_server import redis_server
from tests.strict import CountingCopies, a_copying
from tests.worm import WormFiles

PROJECTS: Final = 16
SINK_S: Final = 0.02
KEY: Final = "bench"
GOAL_MS: Final = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Hold an organization that executes, and what it copies."""

    world: World
    projects: list[str]
    copies: CountingCopies

    async def execute(self, number: int, *, due_s: float, took: list[float]) -> None:
        """Execute one plan, and note how long after it was due it was done."""
        plan: Plan = an_increment(1 if number // PROJECTS % 2 == 0 else -1)
        await self.world.plans.execute(
            self.world.context,
            self.projects[number % PROJECTS],
            asked=PlanRequest(plan=plan),
        )
        took.append((asyncio.get_running_loop().time() - due_s) * 1000)


async def steady(place: Place, *, per_s: float, seconds: float) -> list[float]:
    """Execute at a rate, and return the milliseconds that each took."""
    took: list[float] = []
    loop = asyncio.get_running_loop()
    begin_s = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(int(per_s * seconds)):
            due_s = begin_s + number / per_s
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            group.create_task(place.execute(number, due_s=due_s, took=took))
    return took


async def a_place(
    stack: AsyncExitStack, database: Database, redis_url: str, sink: AuditSink | None
) -> Place:
    """Make an organization with projects that is strict where there is a sink."""
    clock, measures = SystemClock(), CountingCopies()
    caller = a_caller(Ids(clock))
    projects = [await a_project(database, caller) for _ in range(PROJECTS)]
    copying = None
    if sink is not None:
        _, copying = a_copying(database, [sink], clock=clock, measures=measures, put_within_s=2.0)
        stack.push_async_callback(copying.close)
        async with database.transaction(caller.organization_id) as connection:
            await put_audit_settings(
                connection,
                caller.organization_id,
                strict=True,
                keep_days=None,
                changed_by=caller.member_id,
                now=clock.now(),
            )
    world = await opened(
        stack,
        database,
        redis_url,
        caller=caller,
        project_id=projects[0],
        commits=Commits(database, copies=copying),
    )
    return Place(world=world, projects=projects, copies=measures)


class SteadySink(WormFiles):
    """Take 20 ms over each object and keep none: what is measured is our own part."""

    @override
    async def put(self, obj: SinkObject) -> Receipt:
        """Answer after a while."""
        await asyncio.sleep(SINK_S)
        digest = digest_bytes(obj.body)
        return Receipt(sink=self.name, name=obj.name, version=digest, digest=digest)


@contextmanager
def moto() -> Iterator[str]:
    """Serve S3 in a process of its own, with one bucket under object lock; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        client: Any = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=KEY,
        )
        client.create_bucket(Bucket="records", ObjectLockEnabledForBucket=True)
        reference = "vault://kv/bench%23key"
        yield (
            f"s3://records/plangate?endpoint={url}&keep_days=1"
            f"&access_key={reference}&secret_key={reference}"
        )
    finally:
        server.terminate()
        server.wait()


@asynccontextmanager
async def sinks(folder: Path, s3: str) -> AsyncIterator[dict[str, AuditSink | None]]:
    """Open what is compared."""

    async def secret(_: str) -> str:
        return KEY

    opened_s3 = S3Sink(read_sink_address(s3), secret=secret, clock=SystemClock())
    files, steadily = WormFiles(folder / "files"), SteadySink(folder / "steady")
    try:
        yield {
            "plain": None,
            "strict, 20 ms": steadily,
            "strict, files": files,
            "strict, S3": opened_s3,
        }
    finally:
        for sink in (opened_s3, files, steadily):
            await sink.close()


async def check_us(url: str, *, calls: int = 20_000) -> float:
    """Return the microseconds that a commit spends on asking whether its organization is strict."""
    async with session(url) as connection:
        await connection.execute(_LOOKS)
        await connection.execute(f"set role {APP}")
        took: list[float] = []
        for statement in (_EMPTY, _ASKING) * 5:
            began_s = time.perf_counter()
            await connection.execute(statement.replace("CALLS", str(calls)))
            took.append((time.perf_counter() - began_s) / calls * 1e6)
    return median(took[1::2]) - median(took[::2])


_LOOKS: Final = """
create function public.looks(n int, asks boolean) returns void language plpgsql as $$
declare demanded boolean;
begin
  perform set_config('app.organization_id', 'org_01KDVDNA000000000000000000', true);
  for i in 1..n loop
    if asks then
      select strict into demanded from audit_settings
        where organization_id = 'org_01KDVDNA000000000000000000';
    end if;
  end loop;
end $$
"""
_EMPTY: Final = "select public.looks(CALLS, false)"
_ASKING: Final = "select public.looks(CALLS, true)"


def told(name: str, took: list[float], place: Place) -> str:
    """Return a row of figures."""
    row = f"{name:<14} p50 {median(took):6.1f} ms  p99 {quantiles(took, n=100)[98]:6.1f} ms"
    sizes, sink_ms = place.copies.objects, place.copies.took_ms
    if not sizes:
        return row
    each, own = sum(sizes) / len(sizes), quantiles(sink_ms, n=100)
    return f"{row}  {each:.1f} records an object; of the sink p50 {own[49]:.1f}, p99 {own[98]:.1f}"


async def measured(
    database: Database, redis_url: str, folder: Path, s3: str, *, asked: argparse.Namespace
) -> None:
    """Measure in turns, and print."""
    figures: dict[str, list[float]] = {}
    async with AsyncExitStack() as stack:
        compared = await stack.enter_async_context(sinks(folder, s3))
        places = {
            name: await a_place(stack, database, redis_url, sink) for name, sink in compared.items()
        }
        for place in places.values():
            await steady(place, per_s=asked.rate, seconds=2.0)
        for _ in range(asked.rounds):
            for name, place in places.items():
                took = await steady(place, per_s=asked.rate, seconds=asked.seconds)
                figures.setdefault(name, []).extend(took)
        for name, took in figures.items():
            print(told(name, took, places[name]))
        plain = quantiles(figures["plain"], n=100)
        for name in list(figures)[1:]:
            cuts = quantiles(figures[name], n=100)
            added = cuts[49] - plain[49], cuts[98] - plain[98]
            print(f"{name} adds p50 {added[0]:.1f} ms, p99 {added[1]:.1f} ms (goal {GOAL_MS:.0f})")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=100.0, help="executions a second")
    parser.add_argument("--seconds", type=float, default=6.0, help="of one round")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="plangate-bench-") as folder,
        EmbeddedPostgres.started(Path(folder) / "postgres") as postgres,
        redis_server() as redis_url,
        moto() as s3,
    ):
        server = DatabaseServer(server=postgres)
        server.prepare()
        with server.migrated() as urls:
            print(
                f"asking whether an organization is strict: "
                f"{asyncio.run(check_us(urls.superuser_url)):.1f} µs a commit"
            )

            async def run() -> None:
                database = await Database.opened(urls.app_url)
                settle_collector()  # as a process that serves does
                try:
                    await measured(database, redis_url, Path(folder) / "sink", s3=s3, asked=asked)
                finally:
                    await database.close()

            uvloop.run(run())


if __name__ == "__main__":
    main()
