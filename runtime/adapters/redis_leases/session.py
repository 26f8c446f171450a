"""Ask and answer over one open connection: requests leave at once, answers come in their order.

A task that is cancelled only loses interest in its answer: what it asked still happens, and before
whatever is asked later. A session that failed stays failed; `wire` opens the next one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from redis.exceptions import InvalidResponse, RedisError, ResponseError

from runtime.adapters.redis_leases.line import Dialer, Line
from runtime.domain.errors import LeaseUnavailableError

Part = str | int

_TICKS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    answer: asyncio.Future[object]
    asked_at_tick: int


class Session:
    """Hold an open connection and the requests that wait for their answers."""

    def __init__(self, line: Line, dialer: Dialer) -> None:
        """Take an open connection, and who can word its failures."""
        self._line = line
        self._dialer = dialer
        self._requests: deque[_Request] = deque()
        self._unsent: list[bytes] = []
        self._something_to_send = asyncio.Event()
        self._failure: LeaseUnavailableError | None = None
        self._tick = 0
        self._ticker: asyncio.TimerHandle | None = None
        self._tasks = (asyncio.create_task(self._read()), asyncio.create_task(self._write()))

    @property
    def failed(self) -> bool:
        """Say whether the session is over."""
        return self._failure is not None

    async def ask(self, *parts: Part) -> object:
        """Send a command and return its answer.

        Raises:
            LeaseUnavailableError: The connection broke, or the answer took too long.
            redis.ResponseError: The server refused the command.
        """
        if self._failure is not None:
            raise LeaseUnavailableError(reason=self._failure.reason)
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._requests.append(_Request(answer=answer, asked_at_tick=self._tick))
        self._unsent.append(_packed(parts))
        self._something_to_send.set()
        self._watch()
        return await answer

    def end(self, failure: LeaseUnavailableError) -> None:
        """Fail all requests and give the connection up."""
        if self._failure is not None:
            return
        self._failure = failure
        while self._requests:
            answer = self._requests.popleft().answer
            if not answer.done():
                answer.set_exception(LeaseUnavailableError(reason=failure.reason))
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    async def closed(self) -> None:
        """Return when the connection of a session that ended is closed."""
        await asyncio.wait(self._tasks)

    async def _read(self) -> None:
        try:
            while True:
                self._answer_oldest(await self._next_answer())
        except (RedisError, OSError, ValueError) as error:  # a line without end is a ValueError
            self.end(self._dialer.failed(error))
        finally:
            await self._line.disconnect(nowait=True)

    async def _next_answer(self) -> object:
        try:
            return await self._line.read_response()
        except ResponseError as refusal:
            return refusal

    def _answer_oldest(self, said: object) -> None:
        if not self._requests:
            raise InvalidResponse("it answered what nobody asked")
        answer = self._requests.popleft().answer
        if answer.done():
            return
        if isinstance(said, ResponseError):
            answer.set_exception(said)
        else:
            answer.set_result(said)

    async def _write(self) -> None:
        """Send what has gathered, in one piece."""
        try:
            while await self._something_to_send.wait():
                self._something_to_send.clear()
                batch, self._unsent = self._unsent, []
                await self._line.send_packed_command(batch, check_health=False)
        except (RedisError, OSError) as error:
            self.end(self._dialer.failed(error))

    def _watch(self) -> None:
        """Count the wait in ticks: a loop that stalled reads before it blames the server."""
        if self._ticker is None:
            loop = asyncio.get_running_loop()
            self._ticker = loop.call_later(self._dialer.answer_s / _TICKS, self._pass_tick)

    def _pass_tick(self) -> None:
        self._ticker = None
        self._tick += 1
        if not self._requests:
            return
        if self._tick - self._requests[0].asked_at_tick >= _TICKS:
            self.end(self._dialer.silent())
        else:
            self._watch()


def _packed(parts: tuple[Part, ...]) -> bytes:
    """Return a command as it is sent: an array of strings (Source: the RESP specification)."""
    pieces = [b"*%d\r\n" % len(parts)]
    for part in parts:
        text = str(part).encode()
        pieces.append(b"$%d\r\n%b\r\n" % (len(text), text))
    return b"".join(pieces)
