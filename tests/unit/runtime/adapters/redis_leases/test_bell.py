"""The bell rings for its own instance, and is hung up again after an outage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from random import Random

import pytest
from redis.asyncio import Redis

from runtime.adapters.redis_leases.bell import Bell
from runtime.adapters.redis_leases.grantor import Baton
from runtime.adapters.redis_leases.line import Dialer
from runtime.adapters.redis_leases.scripts import CHANNEL
from tests.servers.stoppable_redis import StoppableRedis
from tests.unit.runtime.adapters.redis_leases.doubles import HeardWords, a_grant, talking_redis

LINE = ("line", "", None)


def a_bell(url: str, *, ping_every_s: float = 5.0, answer_s: float = 2.0) -> Bell:
    """Return a bell for the instance `one`."""
    dialer = Dialer(url, answer_s=answer_s)
    return Bell(dialer, instance="one", random=Random(1), ping_every_s=ping_every_s)


@pytest.fixture
async def heard(server: StoppableRedis) -> AsyncIterator[HeardWords]:
    """Listen through a bell that is up."""
    bell = a_bell(server.url, ping_every_s=0.05)
    heard = HeardWords()
    bell.start(heard)
    bell.start(heard)
    assert await heard.next() == LINE
    assert await bell.failure() is None
    yield heard
    await bell.close()


async def _publish(server: StoppableRedis, *messages: str, instance: str = "one") -> None:
    async with Redis.from_url(server.url) as client:
        for message in messages:
            await client.publish(CHANNEL + instance, message)


async def test_messages_become_words(server: StoppableRedis, heard: HeardWords) -> None:
    """A turn with and without a baton and a wish are understood; the rest is left alone."""
    await _publish(server, "turn 7 2 17 one#3", "turn 8 0 18 one#4", "turn 0 0 0 one#5")
    await _publish(server, "what", "", "wish one#5 more", "wish one#5")

    words = [await heard.next() for _ in range(4)]

    assert words == [
        ("turn", "one#3", Baton(granted=a_grant(7, wanted=True), ticket="17")),
        ("turn", "one#4", Baton(granted=a_grant(8), ticket="18")),
        ("turn", "one#5", None),
        ("wish", "one#5", None),
    ]


async def test_other_instances_are_not_heard(server: StoppableRedis, heard: HeardWords) -> None:
    """A name that begins alike is another name."""
    await _publish(server, "wish one.2#1", instance="one.2")
    await _publish(server, "wish one#1")

    assert await heard.next() == ("wish", "one#1", None)


async def test_silence_is_no_outage(server: StoppableRedis, heard: HeardWords) -> None:
    """The server answers when it is asked after many pauses; nothing changes."""
    await asyncio.sleep(0.4)
    await _publish(server, "wish one#1")

    assert await heard.next() == ("wish", "one#1", None)


async def test_a_cut_line_is_told_and_comes_back(server: StoppableRedis, heard: HeardWords) -> None:
    """Messages may be missed meanwhile, so both ends of the outage are told."""
    async with Redis.from_url(server.url) as client:
        await client.client_kill_filter(_type="pubsub")

    assert [await heard.next(), await heard.next()] == [LINE, LINE]
    await _publish(server, "wish one#1")
    assert await heard.next() == ("wish", "one#1", None)


async def test_a_frozen_server_is_an_outage(server: StoppableRedis, heard: HeardWords) -> None:
    """A connection that stays open but carries nothing is given up."""
    server.freeze()
    assert await heard.next() == LINE
    server.thaw()

    assert await heard.next() == LINE


async def test_a_bell_that_never_rang_says_why(server: StoppableRedis) -> None:
    """It goes on trying, quietly, until the server is there."""
    server.stop()
    bell, heard = a_bell(server.url), HeardWords()
    before = await a_bell(server.url, answer_s=0.01).failure()

    bell.start(heard)
    down = await bell.failure()
    server.start()
    assert await heard.next() == LINE

    assert before == "no channel is open"
    assert down is not None
    assert f"redis at 127.0.0.1:{server.port} failed" in down
    assert await bell.failure() is None
    assert heard.words.empty()
    await bell.close()


async def test_a_server_that_forbids_the_channel_is_an_outage() -> None:
    """Its reason is kept."""
    async with talking_redis(lambda words: b"-NOPERM no channel for you\r\n") as url:
        bell = a_bell(url)
        bell.start(HeardWords())

        failure = await bell.failure()
        await bell.close()

    assert failure is not None
    assert "no channel for you" in failure


async def test_a_bell_that_was_not_started_closes(server: StoppableRedis) -> None:
    """There is nothing to end."""
    await a_bell(server.url).close()
