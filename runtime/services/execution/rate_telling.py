"""Tell who counts rates what was done: with the next question, or in a moment by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from runtime.domain.errors import RatesUnavailableError
from runtime.domain.shared_rates import RateCharge
from runtime.kit.backoff import delay_s
from runtime.ports.shared_rates import SharedRates

SETTLED_AGAIN: Final = 5
SOON_S: Final = 0.02
"""How long what was done waits for company before who counts is told of it alone."""
_DRAIN_S: Final = 2.0


class Telling:
    """Gather what is to be told by organization; belongs to one event loop."""

    def __init__(self, counting: SharedRates) -> None:
        self._counting = counting
        self._untold: dict[str, list[RateCharge]] = {}
        self._settling: dict[str, asyncio.Task[None]] = {}
        self._hurry = asyncio.Event()

    def soon(self, organization_id: str, charges: Iterable[RateCharge]) -> None:
        """Tell of charges; nobody waits for it."""
        self._untold.setdefault(organization_id, []).extend(charges)
        if organization_id not in self._settling:
            task = asyncio.create_task(self._settle(organization_id), name="settle rates")
            self._settling[organization_id] = task
            task.add_done_callback(lambda ended: self._ended(organization_id, ended))

    def taken(self, organization_id: str) -> list[RateCharge]:
        """Return what nobody has told yet, for who takes it along; they give back what fails."""
        return self._untold.pop(organization_id, [])

    async def now(self, organization_id: str, charges: Iterable[RateCharge]) -> None:
        """Tell of charges and of all that waits, before anything else is asked.

        Raises:
            RatesUnavailableError: it can't be told now, and will be tried again.
        """
        told = [*self.taken(organization_id), *charges]
        try:
            await self._counting.settle(organization_id, told)
        except BaseException:  # they may have been told or not; told twice, they count once
            self.soon(organization_id, told)
            raise

    async def close(self) -> None:
        """Wait a moment for what is being told; the rest counts as reserved until it ends."""
        if not self._settling:
            return
        self._hurry.set()
        _, late = await asyncio.wait(tuple(self._settling.values()), timeout=_DRAIN_S)
        self._hurry.clear()
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _settle(self, organization_id: str) -> None:
        """Tell who counts what nobody has told meanwhile.

        Again if it can't be told: steps that nobody reserved may not have been counted at all.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(SOON_S):
                await self._hurry.wait()
        failed = 0
        while charges := self.taken(organization_id):
            try:
                await self._counting.settle(organization_id, charges)
            except RatesUnavailableError:
                failed += 1
                if failed == SETTLED_AGAIN:
                    break
                self._untold[organization_id] = charges + self.taken(organization_id)
                await asyncio.sleep(delay_s(failed, base_s=0.1, cap_s=2.0, jitter=0.5))
        del self._settling[organization_id]

    def _ended(self, organization_id: str, ended: asyncio.Task[None]) -> None:
        """Forget a task that did not come to its own end."""
        if self._settling.get(organization_id) is ended:
            del self._settling[organization_id]
