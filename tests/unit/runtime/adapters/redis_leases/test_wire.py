"""The wire comes back by itself, tells every outage, and repeats nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from runtime.adapters.redis_leases.line import Dialer
from runtime.adapters.redis_leases.scripts import Script
from runtime.adapters.redis_leases.wire import Wire
from runtime.domain.errors import LeaseUnavailableError
from tests.servers.stoppable_redis import StoppableRedis
from tests.unit.runtime.adapters.redis_leases.doubles import talking_redis

COUNT = Script(text="return redis.call('INCRBY', KEYS[1], ARGV[1])")
BROKEN = Script(text="return redis.call('INCRBY', KEYS[1], 'x')")


@pytest.fixture
async def wire(server: StoppableRedis) -> AsyncIterator[Wire]:
    """Open a wire to the server."""
    wire = Wire(Dialer(server.url, answer_s=2))
    await wire.command("FLUSHALL")
    yield wire
    await wire.close()


async def _serves(wire: Wire) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await wire.command("PING")
            except LeaseUnavailableError:
                await asyncio.sleep(0.01)
            else:
                return


async def test_a_script_runs_whether_the_server_knows_it_or_not(wire: Wire) -> None:
    """An unknown one is sent as text, once; later its digest is enough."""
    await wire.command("SCRIPT", "FLUSH")
    counts = [await wire.run(COUNT, ("n",), 2) for _ in range(3)]
    await wire.command("SCRIPT", "FLUSH")

    counts.append(await wire.run(COUNT, ("n",), 2))

    assert counts == [2, 4, 6, 8]


async def test_refusals_are_unavailable_with_their_reason(wire: Wire) -> None:
    """Known scripts, unknown scripts and commands alike; the wire stays usable."""
    for _ in range(2):
        with pytest.raises(LeaseUnavailableError, match="not an integer"):
            await wire.run(BROKEN, ("n",))
    with pytest.raises(LeaseUnavailableError, match="unknown command"):
        await wire.command("NO-SUCH-COMMAND")

    assert await wire.command("PING") == b"PONG"


async def test_a_cut_connection_is_opened_again(wire: Wire, server: StoppableRedis) -> None:
    """Whoever asks after the outage is served without doing anything about it."""
    await wire.command("PING")
    server.stop()
    with pytest.raises(LeaseUnavailableError):
        await wire.command("PING")
    server.start()

    await _serves(wire)


async def test_tasks_share_an_attempt_to_connect(server: StoppableRedis) -> None:
    """A hundred tasks meet a server that is down: one attempt, a hundred answers."""
    server.stop()
    wire = Wire(Dialer(server.url, answer_s=2))
    tasks = [asyncio.create_task(wire.command("PING")) for _ in range(100)]

    await asyncio.wait(tasks)

    for task in tasks:
        with pytest.raises(LeaseUnavailableError, match="failed"):
            task.result()
    await wire.close()


async def test_a_cancelled_task_does_not_end_the_attempt_of_others() -> None:
    """The connection that one task began to open serves the next."""
    async with talking_redis(lambda words: b"+PONG\r\n") as url:
        wire = Wire(Dialer(url, answer_s=2))
        first = asyncio.create_task(wire.command("PING"))
        await asyncio.sleep(0)
        second = asyncio.create_task(wire.command("PING"))
        await asyncio.sleep(0)
        first.cancel()

        assert await second == b"PONG"
        await wire.close()


async def test_a_closed_wire_is_closed(wire: Wire) -> None:
    """Requests on their way fail, later ones are refused, closing again is no error."""
    await wire.command("PING")
    waiting = asyncio.create_task(wire.command("BLPOP", "nothing", 0))
    await asyncio.sleep(0)

    await wire.close()

    for refused in (waiting, wire.command("PING"), wire.run(COUNT, ("n",), 1)):
        with pytest.raises(LeaseUnavailableError, match="closed"):
            await refused


async def test_closing_ends_an_attempt_to_connect(server: StoppableRedis) -> None:
    """Who waits for the connection is told; nothing is left open."""
    server.freeze()
    wire = Wire(Dialer(server.url, answer_s=30))
    waiting = asyncio.create_task(wire.command("PING"))
    await asyncio.sleep(0.01)

    async with asyncio.timeout(5):
        await wire.close()
        with pytest.raises(LeaseUnavailableError, match="closed"):
            await waiting
