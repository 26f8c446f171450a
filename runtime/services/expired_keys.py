"""Forget the answers to keys that nobody will repeat any more."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from runtime.domain.errors import StorageUnavailableError
from runtime.kit.clock import Clock
from runtime.store.idempotency_keys import forget_before
from runtime.store.session import Database

KEPT: Final = timedelta(hours=24)
BETWEEN_S: Final = 600.0
MOST_AT_ONCE: Final = 5_000


class ExpiredKeys:
    """Forget old keys of the organizations that are being served, now and then."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._swept_s: dict[str, float] = {}

    async def forget(self, organization_id: str) -> int:
        """Forget an organization's keys of more than a day ago, unless that was done just now.

        A database that does not answer is asked again another time.

        Returns:
            How many were forgotten.
        """
        now_s = self._clock.monotonic_s()
        if now_s - self._swept_s.get(organization_id, -BETWEEN_S) < BETWEEN_S:
            return 0
        self._swept_s[organization_id] = now_s
        try:
            async with self._database.transaction(organization_id) as connection:
                return await forget_before(connection, self._clock.now() - KEPT, limit=MOST_AT_ONCE)
        except StorageUnavailableError:
            return 0
