"""Try the rules of one organization one after the other, so that trials of others get their turn.

What tries rules takes one trial after the other in the order in which they come: whoever sent a
hundred that each take as long as they may, would keep everybody waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from runtime.domain.errors import PolicyUncheckableError

MOST_WAITING: Final = 16
WAIT_S: Final = 30.0
BUSY: Final = "policy_busy"


@dataclass(slots=True)
class _Line:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Turns:
    """Give each organization one trial at a time; belongs to one event loop."""

    def __init__(self, *, most_waiting: int = MOST_WAITING, wait_s: float = WAIT_S) -> None:
        self._most_waiting = most_waiting
        self._wait_s = wait_s
        self._lines = dict[str, _Line]()

    @asynccontextmanager
    async def taken(self, organization_id: str, *, scope: str) -> AsyncIterator[None]:
        """Do the block when it is its turn.

        Raises:
            PolicyUncheckableError: too many trials of the organization wait, or it took too long.
        """
        line = self._lines.setdefault(organization_id, _Line())
        if line.waiting > self._most_waiting:
            raise _busy(scope, f"{self._most_waiting} trials of the organization wait already")
        line.waiting += 1
        try:
            await self._await_turn(line, scope)
            try:
                yield
            finally:
                line.turn.release()
        finally:
            line.waiting -= 1
            if not line.waiting:
                del self._lines[organization_id]

    async def _await_turn(self, line: _Line, scope: str) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                await line.turn.acquire()
        except TimeoutError:
            detail = f"other trials of the organization took longer than {self._wait_s:g} s"
            raise _busy(scope, detail) from None


def _busy(scope: str, detail: str) -> PolicyUncheckableError:
    return PolicyUncheckableError(scope=scope, fault=BUSY, detail=detail)
