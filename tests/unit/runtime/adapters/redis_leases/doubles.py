"""Play the parts around a lease: who grants, who listens, and a server that says as it is told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from typing_extensions import override

from runtime.adapters.redis_leases.grantor import (
    Baton,
    Granted,
    Grantor,
    Listener,
    Refused,
    Renewed,
    Wish,
)
from runtime.adapters.redis_leases.tenure import Surroundings, Tenure
from runtime.adapters.redis_leases.timing import Timing
from runtime.domain.errors import LeaseUnavailableError
from runtime.kit.clock import Clock, FixedClock

TIMING: Final = Timing(ttl_s=6.0)
DOWN: Final = LeaseUnavailableError(reason="it is down")
BUSY: Final = Refused(holder="other#1", ends_in_s=6.0, place=1, ticket="17")


def a_clock() -> FixedClock:
    """Return a clock that stands still."""
    return FixedClock(datetime(2026, 1, 1, tzinfo=UTC))


def a_grant(token: int = 1, *, wanted: bool = False) -> Granted:
    """Return a tenure that Redis granted."""
    return Granted(token=token, wanted=wanted)


def a_wish(owner: str = "one#1", *, previous: str = "", floor: int = 0, queue: bool = True) -> Wish:
    """Return a wish for the key `k`."""
    return Wish(key="k", owner=owner, previous=previous, floor=floor, queue=queue)


class ScriptedGrantor(Grantor):
    """Give the answers that a test prepared, an error by raising it; then refuse or fail.

    Attributes:
        calls: what was asked, in order.
        entering: the answers to `enter`.
        renewing: the answers to `renew`.
        advancing: the answers to `advance`.
        leaving: the answers to `leave`; without any it succeeds.
        pause: how long a refused one should sleep.
        slow: when there is an event, answers come after it.
        asked: called at each `enter`, before the answer.
    """

    def __init__(self, *entering: Granted | Refused | Exception) -> None:
        """Prepare what to say to those who enter."""
        self.calls: list[tuple[str, ...]] = []
        self.entering = deque(entering)
        self.renewing: deque[Renewed | Exception | None] = deque()
        self.advancing: deque[int | Exception | None] = deque()
        self.leaving: deque[Exception] = deque()
        self.pause = 60.0
        self.slow: asyncio.Event | None = None
        self.asked: Callable[[Wish], None] = lambda wish: None

    @override
    def start(self, listener: Listener) -> None:
        """Have nobody to listen to."""

    @override
    async def enter(self, wish: Wish) -> Granted | Refused:
        self.calls.append(("enter", wish.owner, wish.previous))
        self.asked(wish)
        if self.slow:
            await self.slow.wait()
        answer = self.entering.popleft() if self.entering else BUSY
        if isinstance(answer, Exception):
            raise answer
        return answer

    @override
    async def renew(self, key: str, owner: str) -> Renewed | None:
        self.calls.append(("renew", owner))
        if self.slow:
            await self.slow.wait()
        answer = self.renewing.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer

    @override
    async def advance(self, key: str, owner: str, *, token: int, floor: int) -> int | None:
        self.calls.append(("advance", owner, str(token), str(floor)))
        if self.slow:
            await self.slow.wait()
        answer = self.advancing.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer

    @override
    async def leave(self, key: str, owner: str) -> None:
        self.calls.append(("leave", owner))
        if self.slow:
            await self.slow.wait()
        if self.leaving:
            raise self.leaving.popleft()

    @override
    def pause_s(self, refused: Refused, attempt: int) -> float:
        return self.pause

    @override
    async def ready(self) -> None:
        self.calls.append(("ready",))
        if self.leaving:
            raise self.leaving.popleft()

    @override
    async def close(self) -> None:
        self.calls.append(("close",))


class HeardWords(Listener):
    """Write down what is heard."""

    def __init__(self) -> None:
        """Hear nothing yet."""
        self.words: asyncio.Queue[tuple[str, str, Baton | None]] = asyncio.Queue()

    @override
    def turn_came(self, owner: str, baton: Baton | None) -> None:
        self.words.put_nowait(("turn", owner, baton))

    @override
    def wish_came(self, owner: str) -> None:
        self.words.put_nowait(("wish", owner, None))

    @override
    def line_changed(self) -> None:
        self.words.put_nowait(("line", "", None))

    async def next(self) -> tuple[str, str, Baton | None]:
        """Return the next word."""
        async with asyncio.timeout(10):
            return await self.words.get()


def surroundings(
    grantor: Grantor,
    *,
    clock: Clock | None = None,
    lost: Callable[[Tenure], None] = lambda tenure: None,
    timing: Timing = TIMING,
) -> Surroundings:
    """Return what tenures share."""
    return Surroundings(grantor=grantor, timing=timing, clock=clock or a_clock(), lost=lost)


@asynccontextmanager
async def talking_redis(answer: Callable[[list[bytes]], bytes]) -> AsyncIterator[str]:
    """Serve a Redis that answers commands as a test says; an empty answer hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readline():
                words = []
                for _ in range(int(head[1:])):
                    size = int((await reader.readline())[1:])
                    words.append((await reader.readexactly(size + 2))[:-2])
                said = b"+OK\r\n" if words[0] in {b"CLIENT", b"SELECT"} else answer(words)
                if not said:
                    break
                writer.write(said)
                await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.close()
        await server.wait_closed()
