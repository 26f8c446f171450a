"""Listen for wake-ups: a process's own channel on one Redis, over a connection of its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from typing import Final

from redis.exceptions import RedisError

from runtime.adapters.redis_leases.grantor import Baton, Granted, Listener
from runtime.adapters.redis_leases.line import Dialer, Line
from runtime.adapters.redis_leases.scripts import CHANNEL
from runtime.domain.errors import LeaseUnavailableError
from runtime.kit.backoff import delay_s

PING_EVERY_S: Final = 5.0
_FIRST_DELAY_S: Final = 0.1
_LONGEST_DELAY_S: Final = 1.0
_LIVES: Final = 2


class Bell:
    """Pass on what Redis publishes for one instance, and subscribe again after an outage."""

    def __init__(
        self, dialer: Dialer, *, instance: str, random: Random, ping_every_s: float = PING_EVERY_S
    ) -> None:
        """Take who opens connections, whose channel it is, and after which silence to ask."""
        self._dialer = dialer
        self._channel = CHANNEL + instance
        self._random = random
        self._ping_every_s = ping_every_s
        self._failure: str | None = "no channel is open"
        self._settled = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def failure(self) -> str | None:
        """Return why nothing can be heard, or None; wait for a first attempt that is under way."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._dialer.answer_s):
                await self._settled.wait()
        return self._failure

    def start(self, listener: Listener) -> None:
        """Begin to listen; calling it again changes nothing."""
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(listener))

    async def close(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait((self._listening,))

    async def _listen(self, listener: Listener) -> None:
        attempt = 0
        while True:
            try:
                await self._hear_all(listener)
            except LeaseUnavailableError as error:
                heard_before = self._failure is None
                attempt = 0 if heard_before else attempt + 1
                self._failure = error.reason
                self._settled.set()
                if heard_before:
                    listener.line_changed()
            share = self._random.random()
            await asyncio.sleep(
                delay_s(attempt, base_s=_FIRST_DELAY_S, cap_s=_LONGEST_DELAY_S, jitter=share)
            )

    async def _hear_all(self, listener: Listener) -> None:
        """Subscribe and pass messages on, until the line breaks."""
        line = await self._dialer.open()
        try:
            await line.send_packed_command(
                line.pack_command("SUBSCRIBE", self._channel), check_health=False
            )
            await self._pass_on(line, listener)
        except (RedisError, OSError) as error:
            raise self._dialer.failed(error) from error
        finally:
            await line.disconnect(nowait=True)

    async def _pass_on(self, line: Line, listener: Listener) -> None:
        """Pass messages on; after a silence ask whether anybody is there."""
        lives = _LIVES
        while lives:
            said = await line.read_response(timeout=self._ping_every_s)
            if said is None:
                lives -= 1
                await line.send_packed_command(line.pack_command("PING"), check_health=False)
                continue
            lives = _LIVES
            self._take(said, listener)
        raise self._dialer.silent()

    def _take(self, said: object, listener: Listener) -> None:
        match said:
            case [b"subscribe", *_]:
                self._failure = None
                self._settled.set()
                listener.line_changed()
            case [b"message", _, bytes() as content]:
                _tell(content.decode().split(" "), listener)
            case _:  # an answer to PING
                pass


def _tell(words: list[str], listener: Listener) -> None:
    match words:
        case ["turn", "0", _, _, owner]:
            listener.turn_came(owner, None)
        case ["turn", token, waiting, ticket, owner]:
            granted = Granted(token=int(token), wanted=waiting != "0")
            listener.turn_came(owner, Baton(granted=granted, ticket=ticket))
        case ["wish", owner]:
            listener.wish_came(owner)
        case _:  # a stranger's message, or one of a later version
            pass
