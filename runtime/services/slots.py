"""Let few of a kind run at once, and one of each organization; the next ones wait for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from runtime.domain.errors import ExportsBusyError


class Slots:
    """Give places, in the order in which they are asked for; belongs to one event loop."""

    def __init__(self, *, most: int, wait_s: float) -> None:
        self._free = asyncio.Semaphore(most)
        self._most = most
        self._wait_s = wait_s
        self._taken_by = set[str]()

    async def taken(self, organization_id: str) -> Callable[[], None]:
        """Take a place, and return what gives it back; to call that again does nothing.

        Raises:
            ExportsBusyError: the organization has one, or none got free in time.
        """
        if organization_id in self._taken_by:
            raise ExportsBusyError(found="one of this organization runs")
        self._taken_by.add(organization_id)
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except BaseException as error:
            self._taken_by.discard(organization_id)
            if isinstance(error, TimeoutError):
                raise ExportsBusyError(found=f"{self._most} run, as many as may at once") from None
            raise
        held = [organization_id]

        def leave() -> None:
            while held:
                self._taken_by.discard(held.pop())
                self._free.release()

        return leave
