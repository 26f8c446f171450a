"""Read what the projects of an organization did lately, for who has forgotten what they counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from runtime.domain.usage_book import UsageBook
from runtime.kit.clock import Clock
from runtime.store.session import Database
from runtime.store.usages import books_since

BOOKS_AT_ONCE: Final = 500
REMEMBERED: Final = timedelta(minutes=70)
"""How far back books are read: the longest span, and what clocks of machines may differ by."""


class Books:
    """Read books page by page."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def lately(self, organization_id: str) -> list[tuple[str, UsageBook]]:
        """Return the books that changed lately, each with its project.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        since = self._clock.now() - REMEMBERED
        books: list[tuple[str, UsageBook]] = []
        async with self._database.transaction(organization_id, read_only=True) as connection:
            while True:
                page = await books_since(
                    connection,
                    since,
                    after=books[-1][0] if books else "",
                    limit=BOOKS_AT_ONCE,
                )
                books += page
                if len(page) < BOOKS_AT_ONCE:
                    return books
