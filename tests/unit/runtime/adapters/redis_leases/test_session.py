"""Many tasks share a connection, and each gets its own answer or an error in time."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis.exceptions import ResponseError

from runtime.adapters.redis_leases.line import Dialer
from runtime.adapters.redis_leases.session import Session
from runtime.domain.errors import LeaseUnavailableError
from tests.servers.stoppable_redis import StoppableRedis
from tests.unit.runtime.adapters.redis_leases.doubles import talking_redis


async def opened(url: str, *, answer_s: float = 5.0) -> Session:
    """Open a session."""
    dialer = Dialer(url, answer_s=answer_s)
    return Session(await dialer.open(), dialer)


async def closed(session: Session) -> None:
    """End a session that a test opened."""
    session.end(LeaseUnavailableError(reason="the test is over"))
    async with asyncio.timeout(5):
        await session.closed()


async def test_each_task_gets_its_own_answer(server: StoppableRedis) -> None:
    """A thousand requests are on their way at once; texts are sent as they are."""
    session = await opened(server.url)

    async def echo(number: int) -> None:
        text = f"é {number}\r\n$3"
        answer = await session.ask("ECHO", text)
        assert answer == text.encode()

    async with asyncio.TaskGroup() as group:
        for number in range(1000):
            group.create_task(echo(number))

    assert not session.failed
    await closed(session)


async def test_what_was_asked_happens_although_nobody_waits(server: StoppableRedis) -> None:
    """Cancelled tasks lose their answers, nobody else's, and the order is kept."""
    session = await opened(server.url)
    await session.ask("DEL", "list")
    tasks = [asyncio.create_task(session.ask("RPUSH", "list", number)) for number in range(100)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()

    await asyncio.wait(tasks)

    numbers = await session.ask("LRANGE", "list", 0, -1)
    assert numbers == [str(number).encode() for number in range(100)]
    assert [await task for task in tasks[1::2]] == list(range(2, 101, 2))
    await closed(session)


async def test_a_refusal_is_the_askers_alone(server: StoppableRedis) -> None:
    """An error is an answer; the session goes on, also if nobody waits for it any more."""
    session = await opened(server.url)
    late = asyncio.create_task(session.ask("NO-SUCH-COMMAND"))
    await asyncio.sleep(0)
    late.cancel()

    with pytest.raises(ResponseError, match="unknown command"):
        await session.ask("NO-SUCH-COMMAND")

    assert await session.ask("ECHO", "on") == b"on"
    await closed(session)


async def test_a_silent_server_fails_all_requests_in_time(server: StoppableRedis) -> None:
    """Nobody waits longer than the time to answer, and the session is over."""
    session = await opened(server.url, answer_s=0.2)
    server.freeze()
    asked_s = asyncio.get_running_loop().time()
    tasks = [asyncio.create_task(session.ask("PING")) for _ in range(3)]

    await asyncio.wait(tasks)

    took_s = asyncio.get_running_loop().time() - asked_s
    for task in tasks:
        with pytest.raises(LeaseUnavailableError, match="no answer"):
            task.result()
    assert 0.1 < took_s < 2
    assert session.failed
    await closed(session)


async def test_a_loop_that_stalled_does_not_blame_the_server(server: StoppableRedis) -> None:
    """The answer is there when the process goes on; it is read before the time is counted."""
    session = await opened(server.url, answer_s=0.2)
    asking = asyncio.create_task(session.ask("PING"))
    await asyncio.sleep(0.001)

    loop = asyncio.get_running_loop()
    loop.call_soon(_stall, 0.5)

    assert await asking == b"PONG"
    await closed(session)


def _stall(seconds: float) -> None:
    """Keep the event loop busy, as a slow handler does."""
    time.sleep(seconds)


async def test_a_session_without_requests_does_not_age(server: StoppableRedis) -> None:
    """Time without a question is nobody's fault."""
    noise: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: noise.append(context))
    session = await opened(server.url, answer_s=0.1)
    await session.ask("PING")

    await asyncio.sleep(0.4)

    assert await session.ask("PING") == b"PONG"
    assert noise == []
    await closed(session)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param(b"", "closed", id="hangs up"),
        pytest.param(b"-LOADING Redis is loading the dataset in memory\r\n", "loading", id="loads"),
        pytest.param(b"?what\r\n", "Protocol", id="speaks something else"),
        pytest.param(b"+" + b"x" * 100_000, "limit|found", id="never ends a line"),
    ],
)
async def test_a_server_that_can_not_serve_ends_the_session(said: bytes, reason: str) -> None:
    """The reason is told to who asked and to who asks later."""
    async with talking_redis(lambda words: said) as url:
        session = await opened(url)
        for _ in range(2):
            with pytest.raises(LeaseUnavailableError, match=reason):
                await session.ask("PING")
        await closed(session)


async def test_an_answer_too_many_ends_the_session() -> None:
    """Afterwards nobody could tell whose answer is whose."""
    async with talking_redis(lambda words: b"+yours\r\n+whose?\r\n") as url:
        session = await opened(url)
        first = await session.ask("PING")
        await session.closed()

        with pytest.raises(LeaseUnavailableError, match="nobody asked"):
            await session.ask("PING")

    assert first == b"yours"


async def test_a_broken_pipe_ends_the_session(server: StoppableRedis) -> None:
    """A stopped server is noticed without a question."""
    session = await opened(server.url)
    server.stop()

    async with asyncio.timeout(5):
        await session.closed()

    with pytest.raises(LeaseUnavailableError):
        await session.ask("PING")
