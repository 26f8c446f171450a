"""Share the places of a worker among organizations, so that nobody's jobs keep out another's.

Who waits is served in turn by organization, not by how much it brought. And nobody takes the last
places: an organization has at most three times as many as are free, which is three quarters of
all if it is alone, three sevenths beside another, and so on. So one that comes new finds a place,
also where others hold theirs for long. Belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_SHARE: Final = 3


class FairSlots:
    """Lend places for as long as jobs run."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def taken(self, organization_id: str) -> AsyncIterator[None]:
        """Hold a place while the block runs."""
        if not self._take(organization_id):
            await self._turn(organization_id)
        try:
            yield
        finally:
            self._give(organization_id)

    def _take(self, organization_id: str) -> bool:
        """Take a place if one may be had now; whoever waits could not have it."""
        held = self._held[organization_id]
        if self._free <= 0 or held >= _SHARE * self._free or organization_id in self._waiting:
            return False
        self._free -= 1
        self._held[organization_id] = held + 1
        return True

    async def _turn(self, organization_id: str) -> None:
        """Wait for a place; it is held when this returns."""
        turn = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(organization_id, deque())
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(organization_id, turn)
            else:  # its turn had come just before
                self._give(organization_id)
            raise

    def _forget(self, organization_id: str, turn: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(organization_id)
        if waiting is not None and turn in waiting:
            waiting.remove(turn)
            if not waiting:
                del self._waiting[organization_id]

    def _give(self, organization_id: str) -> None:
        """Give a place back, and let those have it whose turn it is."""
        self._free += 1
        self._held[organization_id] -= 1
        if not self._held[organization_id]:
            del self._held[organization_id]
        while self._free > 0 and self._next_served():
            continue

    def _next_served(self) -> bool:
        """Serve the first of those in turn that may have a place; say whether there is one."""
        may_have = (name for name in self._waiting if self._held[name] < _SHARE * self._free)
        organization_id = next(may_have, None)
        if organization_id is None:
            return False
        waiting = self._waiting.pop(organization_id)
        turn = waiting.popleft()
        if waiting:
            self._waiting[organization_id] = waiting  # behind all others
        if not turn.done():  # those that gave up are about to leave
            self._free -= 1
            self._held[organization_id] += 1
            turn.set_result(None)
        return True
