"""Seal everything anew under the newest key, while the platform serves.

Each transaction is about a few rows of one column of one organization. Rows that are sealed under
the newest key are passed over, so whoever was interrupted begins again. A row that somebody else
holds is tried again at the end of its column; what does not open is left as it is, and told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.ports.seal import RenewableSeal, SealBrokenError
from runtime.services.resealing.places import PLACES, SealedPlace
from runtime.store.ended_jobs import next_tenants
from runtime.store.sealed_rows import (
    SealedText,
    held_sealed,
    reseal,
    sealed_after,
    sealed_with_ids,
)
from runtime.store.session import Database

MOST_NAMED: Final = 100
"""Rows of a column that don't open and are named; further ones are counted."""
_TENANTS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ResealingPace:
    """Say how many rows a transaction is about, and how often held ones are tried again.

    Attributes:
        most: rows of a transaction.
        tries: of rows that somebody else holds.
        rest_s: before each of these.
    """

    most: int = 100
    tries: int = 20
    rest_s: float = 0.25


@dataclass(slots=True, kw_only=True)
class ResealedColumn:
    """Count what was done in one column.

    Attributes:
        name: of the column, as SQL names it.
        rows: that hold a sealed text.
        renewed: that were sealed anew.
        held: that somebody else held all the while.
        broken: that don't open under any key.
        broken_rows: which: `ORGANIZATION/ROW`, the first of them.
    """

    name: str
    rows: int = 0
    renewed: int = 0
    held: int = 0
    broken: int = 0
    broken_rows: list[str] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Say whether all rows are sealed under the newest key."""
        return self.held == 0 and self.broken == 0


class Resealing:
    """Go over all sealed columns; belongs to one event loop."""

    def __init__(
        self, database: Database, seal: RenewableSeal, *, pace: ResealingPace | None = None
    ) -> None:
        self._database = database
        self._seal = seal
        self._pace = pace or ResealingPace()

    async def run(self) -> Sequence[ResealedColumn]:
        """Seal all rows of all organizations anew, and return what was done in each column.

        Raises:
            StorageUnavailableError: the database can't be asked; what was done stays.
        """
        counted = [ResealedColumn(name=place.name) for place in PLACES]
        after = ""
        while tenants := await next_tenants(self._database, after=after, most=_TENANTS):
            for organization_id in tenants:
                for place, counts in zip(PLACES, counted, strict=True):
                    await self._column(organization_id, place, counts)
            after = tenants[-1]
        return counted

    async def _column(
        self, organization_id: str, place: SealedPlace, counts: ResealedColumn
    ) -> None:
        """Go over one column of one organization."""
        held, after, most = set[str](), "", self._pace.most
        while True:
            async with self._database.transaction(organization_id) as connection:
                found = await sealed_after(connection, place.column, after, limit=most)
                round_ = _Round(organization_id, place, counts, self._seal)
                held |= await round_.renew(connection, found)
            counts.rows += len(found)
            if len(found) < most:
                break
            after = found[-1].id
        counts.held += len(await self._again(organization_id, place, counts, held=held))

    async def _again(
        self, organization_id: str, place: SealedPlace, counts: ResealedColumn, *, held: set[str]
    ) -> Collection[str]:
        """Try rows again that somebody held, and return those that are held still."""
        for _ in range(self._pace.tries):
            if not held:
                break
            await asyncio.sleep(self._pace.rest_s)
            ids, still = sorted(held), set[str]()
            for first in range(0, len(ids), self._pace.most):
                some = ids[first : first + self._pace.most]
                async with self._database.transaction(organization_id) as connection:
                    found = await sealed_with_ids(connection, place.column, some)
                    round_ = _Round(organization_id, place, counts, self._seal)
                    still |= await round_.renew(connection, found)
            held = still
        return held


@dataclass(frozen=True, slots=True)
class _Round:
    """Seal some rows of one column anew, in one transaction."""

    organization_id: str
    place: SealedPlace
    counts: ResealedColumn
    seal: RenewableSeal

    async def renew(self, connection: AsyncConnection, found: Iterable[SealedText]) -> set[str]:
        """Return the ids of those that somebody else holds."""
        old = {item.id for item in found if self._renewed(item) is not None}
        if not old:
            return set()
        mine = await held_sealed(connection, self.place.column, old)
        for item in mine:
            renewed = self._renewed(item)  # it may have been written since it was read
            if renewed is not None:
                await reseal(connection, self.place.column, item.id, sealed=renewed)
                self.counts.renewed += 1
        return old - {item.id for item in mine}

    def _renewed(self, item: SealedText) -> bytes | None:
        """Return a text under the newest key; None: it is so already, or it does not open."""
        bound_to = self.place.bound_to(self.organization_id, item)
        try:
            return self.seal.renewed(item.sealed, bound_to=bound_to)
        except SealBrokenError:
            self._note_broken(item.id)
            return None

    def _note_broken(self, row_id: str) -> None:
        self.counts.broken += 1
        if len(self.counts.broken_rows) < MOST_NAMED:
            self.counts.broken_rows.append(f"{self.organization_id}/{row_id}")
