"""Settle what attempts at models took, whatever comes of it, and tidy up what others left open.

Who waits for a settlement may be cancelled; the settlement goes on. What can't be settled stays
reserved, which counts as used, until it is charged in full.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine
from typing import Any, Final

from runtime.kit.clock import Clock
from runtime.services.models.measures import ModelMeasures
from runtime.services.models.spending import Spending, Taken
from runtime.store.model_charges import Attempt

TIDY_EVERY_S: Final = 60.0
MOST_TIDIED: Final = 4_096


class Settling:
    """Settle attempts; belongs to one event loop."""

    def __init__(self, *, spending: Spending, measures: ModelMeasures, clock: Clock) -> None:
        self._spending = spending
        self._measures = measures
        self._clock = clock
        self._running = set[asyncio.Task[None]]()
        self._tidied = OrderedDict[str, float]()

    async def settle(self, attempt: Attempt, taken: Taken) -> None:
        """Charge an attempt what it took; a fault is told of, and raised to nobody."""
        self._measures.spent(attempt.payer.model, taken.usage, cost_micros=taken.cost_micros)
        task = self._started(self._settle(attempt, taken))
        self._tidy(attempt.organization_id)
        await asyncio.shield(task)

    async def close(self) -> None:
        """Wait until all is settled."""
        while self._running:
            await asyncio.wait(self._running)

    async def _settle(self, attempt: Attempt, taken: Taken) -> None:
        """Settle, or leave what is reserved to who tidies up, which charges it in full.

        Until then it counts as used, so that nothing is gained by what went wrong.
        """
        try:
            await self._spending.settle(attempt, taken)
        except Exception as error:  # noqa: BLE001  # whatever it is, the answer was paid for
            self._measures.failed("settle", error)

    def _tidy(self, organization_id: str) -> None:
        """Charge in full what processes left open, now and then, beside the work."""
        now = self._clock.monotonic_s()
        last = self._tidied.get(organization_id)
        if last is not None and now - last < TIDY_EVERY_S:
            return
        self._tidied[organization_id] = now
        self._tidied.move_to_end(organization_id)
        if len(self._tidied) > MOST_TIDIED:
            self._tidied.popitem(last=False)
        self._started(self._tidied_up(organization_id))

    async def _tidied_up(self, organization_id: str) -> None:
        try:
            await self._spending.tidy(organization_id)
        except Exception as error:  # noqa: BLE001  # nobody waits for it; tried again a minute later
            self._measures.failed("tidy", error)

    def _started(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task
