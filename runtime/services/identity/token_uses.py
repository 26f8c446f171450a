"""Write down when tokens were used, away from the requests that use them.

A use that can't be written is forgotten: nobody waits for it, and no request fails by it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from runtime.domain.errors import StorageUnavailableError
from runtime.kit.clock import Clock
from runtime.store.session import Database
from runtime.store.tokens import note_uses

BETWEEN_WRITES: Final = timedelta(minutes=1)
AFTER_S: Final = 2.0
MOST_WAITING: Final = 1_000


class TokenUses:
    """Collect uses, and write them together a little later; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        after_s: float = AFTER_S,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._database = database
        self._clock = clock
        self._after_s = after_s
        self._most_waiting = most_waiting
        self._waiting = dict[str, str]()
        self._writing: asyncio.Task[None] | None = None

    def note(self, organization_id: str, token_id: str, *, last_used_at: datetime | None) -> None:
        """Note a use, unless one was written less than a minute ago or too many are waiting."""
        if last_used_at is not None and self._clock.now() - last_used_at < BETWEEN_WRITES:
            return
        if len(self._waiting) >= self._most_waiting:
            return
        self._waiting[token_id] = organization_id
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_later())

    async def close(self) -> None:
        """Write what is waiting, and stop."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])
        await self.write()

    async def write(self) -> None:
        """Write what was noted, each organization's in a transaction of its own."""
        waiting, self._waiting = self._waiting, {}
        token_ids = defaultdict[str, list[str]](list)
        for token_id, organization_id in waiting.items():
            token_ids[organization_id].append(token_id)
        now = self._clock.now()
        for organization_id, used in token_ids.items():
            with suppress(StorageUnavailableError, SQLAlchemyError):
                async with self._database.transaction(organization_id) as connection:
                    await note_uses(connection, sorted(used), at=now, before=now - BETWEEN_WRITES)

    async def _write_later(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._after_s)
            await self.write()
