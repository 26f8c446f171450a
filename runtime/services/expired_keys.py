"""Forget the answers to keys that nobody will repeat any more.

Lines ask for it, so organizations that execute are swept here; `unit_of_work` takes along some keys
of those that only administrate.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import StorageUnavailableError
from runtime.kit.clock import Clock
from runtime.store.idempotency_keys import forget_before
from runtime.store.limit_counters import forget_counters
from runtime.store.session import Database

KEPT: Final = timedelta(hours=24)
COUNTERS_KEPT: Final = timedelta(days=400)
"""More than a year: what was used in a month can be compared with the same month of the last."""
BETWEEN_S: Final = 600.0
MOST_AT_ONCE: Final = 5_000


class _Forget(Protocol):
    async def __call__(
        self, connection: AsyncConnection, instant: datetime, *, limit: int
    ) -> int: ...


class ExpiredKeys:
    """Forget old keys of the organizations that are being served, now and then."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._swept_s: dict[str, float] = {}
        self._sweeping: set[asyncio.Task[int]] = set()

    def forget_soon(self, organization_id: str) -> None:
        """Forget an organization's old keys beside the work, unless that was done just now."""
        now_s = self._clock.monotonic_s()
        if now_s - self._swept_s.get(organization_id, -BETWEEN_S) < BETWEEN_S:
            return
        self._swept_s[organization_id] = now_s
        sweep = asyncio.create_task(self.forget(organization_id), name="forget old keys")
        self._sweeping.add(sweep)
        sweep.add_done_callback(self._sweeping.discard)

    async def forget(self, organization_id: str) -> int:
        """Forget an organization's keys of more than a day ago, a number at a time.

        Counters of budgets whose day or month has long been over go as well. A database that does
        not answer is asked again another time.

        Returns:
            How many keys were forgotten.
        """
        now = self._clock.now()
        await self._forget(organization_id, forget_counters, before=now - COUNTERS_KEPT)
        return await self._forget(organization_id, forget_before, before=now - KEPT)

    async def _forget(self, organization_id: str, forget: _Forget, *, before: datetime) -> int:
        forgotten = 0
        try:
            while True:
                async with self._database.transaction(organization_id) as connection:
                    gone = await forget(connection, before, limit=MOST_AT_ONCE)
                forgotten += gone
                if gone < MOST_AT_ONCE:
                    return forgotten
        except StorageUnavailableError:
            return forgotten

    async def close(self) -> None:
        """Give up what is under way; it goes on another time."""
        for sweep in tuple(self._sweeping):
            sweep.cancel()
        if self._sweeping:
            await asyncio.wait(self._sweeping)
