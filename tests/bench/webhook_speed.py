"""Measure how fast one process delivers webhooks, whom others hold up, and how a backlog drains.

Run it with `python -m tests.bench.webhook_speed`.

The full path is measured: events in Postgres, the fan-out, lanes, rendering, signing, the one
client, and what is written of each attempt. The sink is a process of its own on this machine, as
the database is. Bars: 3,000 deliveries/s, or 0.4 times a bare aiohttp fan-out of the same run;
with 500 events/s and 10 % dead and 10 % slow endpoints a p99 of the first attempt of the healthy
ones of at most 1 s; of 100,000 events for an endpoint that was down for 72 hours none is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import aiohttp
import asyncpg
import uvloop
from sqlalchemy import text
from typing_extensions import override

from runtime.adapters.egress.client import EgressClient
from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.resolving import SystemResolver
from runtime.adapters.egress.rules import read_rules
from runtime.bootstrap.collector import settle_collector
from runtime.bootstrap.webhooks import BOUNDS, Webhooks, open_webhooks
from runtime.domain.webhook import Endpoint
from runtime.kit.clock import Clock, FixedClock, SystemClock
from runtime.services.webhooks.measures import UnmeasuredWebhooks
from runtime.services.webhooks.sealing import url_of
from runtime.store.session import Database
from tests.database import DatabaseServer
from tests.servers.postgres_server import postgres_server
from tests.webhooks import SEAL, WebhookWorld, a_webhook_world

BODY: Final = b'{"type":"plan.executed","data":{"outcome":"out_01","status":"done"}}'
_EMIT: Final = text(r"""
insert into events (organization_id, id, project_id, type, document, created_at)
select :organization, 'evt_' || cast(:prefix as text) || lpad(n::text, 8, '0'), :project,
  'project.updated', '{"name":"Kiln","weight"\:7}', cast(:at as timestamptz)
from generate_series(cast(:first as int), cast(:last as int)) as n
""")
_WAITS: Final = """
select extract(epoch from a.at - e.created_at)::float8
from webhook_attempts as a
join webhook_deliveries as d on d.organization_id = a.organization_id and d.id = a.delivery_id
join events as e on e.organization_id = d.organization_id and e.id = d.event_id
join webhook_endpoints as p on p.organization_id = d.organization_id and p.id = d.endpoint_id
where a.number = 1 and p.name like 'healthy%' order by 1
"""


class Sink(asyncio.Protocol):
    """Answer every request: at once, after a while under `/slow`, and with 500 under `/dead`."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._buffer = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
            if len(self._buffer) < end + 4 + length:
                return
            path = self._buffer.split(b" ", 2)[1]
            self._buffer = self._buffer[end + 4 + length :]
            status = b"500 No" if path.startswith(b"/dead") else b"200 OK"
            answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n"
            wait_s = 3.0 if path.startswith(b"/slow") else 0.0
            asyncio.get_running_loop().call_later(wait_s, self._answer, answer)

    def _answer(self, answer: bytes) -> None:
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.write(answer)


async def serve() -> None:
    """Serve until the standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def a_sink() -> Iterator[str]:
    """Run a sink in a process of its own, and give its address."""
    command = [sys.executable, "-m", "tests.bench.webhook_speed", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hold a database of its own with one organization, and where to send."""

    world: WebhookWorld
    sink: str
    superuser_url: str

    async def looked_after(self) -> None:
        """Do to the database what it does by itself each minute: tables get their statistics."""
        connection = await asyncpg.connect(self.superuser_url)
        try:
            await connection.execute("vacuum (analyze)")
        finally:
            await connection.close()

    async def endpoint(self, path: str, number: int, **changes: object) -> Endpoint:
        """Make an endpoint that sends to a path of the sink."""
        made = await self.world.endpoint(**{"name": f"{path} {number}", **changes})
        sealed = SEAL.sealed(f"{self.sink}/{path}/{number}", bound_to=url_of(made.id))
        await self.world.change(made, sealed_url=sealed)
        return replace(made, sealed_url=sealed)

    async def emit(self, prefix: str, first: int, last: int) -> None:
        """Write events, each number once."""
        world = self.world
        values = {
            "organization": world.organization_id,
            "prefix": prefix,
            "project": world.project_id,
            "at": world.clock.now(),
            "first": first,
            "last": last,
        }
        async with world.database.transaction(world.organization_id) as connection:
            await connection.execute(_EMIT, values)

    async def ended(self) -> dict[str, int]:
        """Return how many deliveries there are of each status."""
        return await self.world.statuses()

    async def until_delivered(self, count: int, *, within_s: float) -> float:
        """Wait, and return when that many were delivered."""
        async with asyncio.timeout(within_s):
            while (await self.ended()).get("delivered", 0) < count:  # noqa: ASYNC110  # the database tells nobody
                await asyncio.sleep(0.1)
        return time.perf_counter()


@asynccontextmanager
async def a_site(server: DatabaseServer, sink: str, *, clock: Clock) -> AsyncIterator[Site]:
    """Make a site on a fresh database."""
    with server.migrated() as urls:
        database = await Database.opened(urls.app_url)
        try:
            world = await a_webhook_world(database)
            yield Site(
                world=replace(world, clock=clock),  # type: ignore[arg-type]  # both clocks tell the time
                sink=sink,
                superuser_url=urls.superuser_url,
            )
        finally:
            await database.close()


@asynccontextmanager
async def delivering(site: Site) -> AsyncIterator[Webhooks]:
    """Deliver while the block runs, with the real client."""
    clock = site.world.clock
    egress = EgressClient(
        Gate(read_rules("127.0.0.0/8:" + site.sink.rpartition(":")[2]), SystemResolver()),
        clock=clock,
        bounds=BOUNDS,
    )
    webhooks = open_webhooks(
        site.world.database,
        egress,
        SEAL,
        clock=clock,
        measures=UnmeasuredWebhooks(),
        worker="bench",
    )
    try:
        yield webhooks
    finally:
        await webhooks.close(grace_s=5)
        await egress.close()


async def bare(sink: str, count: int) -> float:
    """Return how many posts a second a bare aiohttp fan-out does."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=256)) as session:

        async def some(share: int) -> None:
            for _ in range(share):
                async with session.post(f"{sink}/bare", data=BODY) as answer:
                    await answer.read()

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(128):
                group.create_task(some(count // 128))
        return count // 128 * 128 / (time.perf_counter() - began)


async def rate(server: DatabaseServer, sink: str, *, events: int, endpoints: int) -> None:
    """Print how fast a backlog of events reaches several endpoints."""
    async with a_site(server, sink, clock=SystemClock()) as site:
        for number in range(endpoints):
            await site.endpoint("fast", number, at_once=32)
        async with delivering(site):
            warm = events // 6
            await site.emit("01KDVDNA0000000000", 1, warm)
            await site.until_delivered(warm * endpoints, within_s=60)
            await site.looked_after()
            wanted, began, cpu_s = events * endpoints, time.perf_counter(), time.process_time()
            await site.emit("01KDVDNA0000000000", warm + 1, warm + events)
            took_s = await site.until_delivered(wanted + warm * endpoints, within_s=300) - began
            cpu_us = 1e6 * (time.process_time() - cpu_s) / wanted
    plain = await bare(sink, 20_000)
    _say(
        f"rate: {wanted} deliveries in {took_s:.1f} s: {wanted / took_s:.0f}/s, "
        f"{cpu_us:.0f} us of CPU each; bare aiohttp {plain:.0f}/s, "
        f"share {wanted / took_s / plain:.2f}"
    )


async def mixed(server: DatabaseServer, sink: str, *, seconds: int, endpoints: int) -> None:
    """Print how soon healthy endpoints hear while others are dead or slow."""
    async with a_site(server, sink, clock=SystemClock()) as site:
        kinds = ["dead", "slow", *["healthy"] * 8]
        for number in range(endpoints):
            path = kinds[number % len(kinds)]
            project = None
            await site.endpoint(path, number, project_id=project, at_once=16)
        async with delivering(site):
            began, sent = time.perf_counter(), 0
            per_s = 500 // endpoints
            while (elapsed := time.perf_counter() - began) < seconds:
                due = int(elapsed * per_s)
                if due > sent:
                    await site.emit("01KDVDNA0000000000", sent + 1, due)
                    sent = due
                await asyncio.sleep(0.02)
            await asyncio.sleep(1.5)
        waits = [row[0] for row in await site.world.rows(_WAITS)]
        healthy = sent * endpoints * 8 // 10
        _say(
            f"mixed: {sent * endpoints / seconds:.0f} deliveries/s to {endpoints} endpoints; "
            f"healthy: {len(waits)} of {healthy} tried, p50 {_share(waits, 0.5):.3f} s, "
            f"p99 {_share(waits, 0.99):.3f} s; {await site.ended()}"
        )


async def drained(server: DatabaseServer, sink: str, *, events: int, per_minute: int) -> None:
    """Print what became of an endpoint's backlog of 72 hours."""
    clock = FixedClock(datetime.now(UTC))
    async with a_site(server, sink, clock=clock) as site:
        endpoint = await site.endpoint("dead", 1, at_once=32, per_minute=per_minute)
        up = SEAL.sealed(f"{sink}/fast", bound_to=url_of(endpoint.id))
        async with delivering(site):
            hours = 72
            for hour in range(hours):
                await site.emit(
                    "01KDVDNA0000000000", hour * events // hours + 1, (hour + 1) * events // hours
                )
                clock.advance(timedelta(hours=1))
                await asyncio.sleep(0.3)
            while await _announced(site):  # noqa: ASYNC110  # the database tells nobody
                await asyncio.sleep(0.1)
            attempts = await site.world.rows("select count(*) from webhook_attempts")
            await site.world.change(endpoint, sealed_url=up)
            began = time.perf_counter()
            while not await site.world.rows("select 1 from webhook_endpoints where failures = 0"):
                clock.advance(timedelta(minutes=6))
                await asyncio.sleep(0.3)
            took_s = await site.until_delivered(events - 10, within_s=400) - began
            clock.advance(timedelta(hours=20))
            await site.until_delivered(events, within_s=60)
        _say(
            f"drained: {events} after {hours} simulated hours and {attempts[0][0]} attempts in "
            f"{took_s:.1f} s: {events / took_s:.0f}/s of {per_minute / 60:.0f}/s; "
            f"{await site.ended()}"
        )


async def _announced(site: Site) -> bool:
    return bool(await site.world.rows("select 1 from event_outbox limit 1"))


def _share(sorted_values: list[float], share: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def measure(asked: argparse.Namespace) -> None:
    """Measure what is asked for."""
    settle_collector()  # as `plangate worker` does; the bare loop has it too
    with postgres_server() as running, a_sink() as sink:
        server = DatabaseServer(server=running)
        server.prepare()
        if asked.only in (None, "rate"):
            await rate(server, sink, events=asked.events, endpoints=8)
        if asked.only in (None, "mixed"):
            await mixed(server, sink, seconds=asked.seconds, endpoints=20)
        if asked.only in (None, "drained"):
            await drained(server, sink, events=asked.backlog, per_minute=asked.per_minute)


def main() -> None:
    """Measure and print, or be the sink."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--only", choices=("rate", "mixed", "drained"))
    parser.add_argument("--events", type=int, default=3_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--backlog", type=int, default=100_000)
    parser.add_argument("--per-minute", type=int, default=60_000)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve())
    else:
        uvloop.run(measure(asked))  # as `plangate worker` does


if __name__ == "__main__":
    main()
