"""Let few lookups for strangers into the database at once, so that it is free for everybody else.

The checksum of a token tells typing errors, not forgeries: whoever likes makes a million tokens
that have to be looked up. They wait here, and when too many do, the next ones are told so at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from runtime.domain.errors import AuthenticationBusyError

AT_ONCE: Final = 2
MOST_WAITING: Final = 64
WAIT_S: Final = 2.0


class NarrowDoor:
    """Count who is inside and who waits; belongs to one event loop."""

    def __init__(
        self, *, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING, wait_s: float = WAIT_S
    ) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self._wait_s = wait_s
        self._waiting = 0

    @asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Do the block inside.

        Raises:
            AuthenticationBusyError: too many wait, or it took too long to get in.
        """
        if self._waiting >= self._most_waiting:
            raise AuthenticationBusyError
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError:
            raise AuthenticationBusyError from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()
