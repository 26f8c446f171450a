"""Keep how many deliveries of an endpoint begin in a minute: evenly, with none saved up."""

from __future__ import annotations

import asyncio
from typing import Final

MINUTE_S: Final = 60.0


class Rate:
    """Give out turns; belongs to one event loop."""

    def __init__(self) -> None:
        self._next_s = 0.0

    async def turn(self, per_minute: int | None, *, unless: asyncio.Event) -> None:
        """Wait for the next turn, or until it is not wanted any more.

        Args:
            per_minute: how many there are; None: as many as are asked for.
            unless: ends the wait.
        """
        if per_minute is None:
            return
        now_s = asyncio.get_running_loop().time()
        mine_s = max(self._next_s, now_s)
        self._next_s = mine_s + MINUTE_S / per_minute
        if mine_s <= now_s:
            return
        try:
            async with asyncio.timeout(mine_s - now_s):
                await unless.wait()
        except TimeoutError:
            return
