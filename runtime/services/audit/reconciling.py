"""Keep logs, copies and sinks equal: look at some of each, again and again; any number may run.

How far it has come is kept, so a look goes on where the one before ended, on whatever process.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from runtime.ports.audit_sink import AuditSink
from runtime.services.audit.copy_checks import Checked, CopyChecks
from runtime.services.audit.copy_listings import CopyListings, Listing
from runtime.services.audit.measures import AuditLogMeasures, UnmeasuredAuditLog
from runtime.store.audit_reconciliations import (
    reconcile_now,
    settle_listing,
    settle_turn,
    take_listing,
    take_turn,
)
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcilingPace:
    """Say how often to look, and at how much.

    Attributes:
        every_s: from one look to the next, give or take a half.
        apart_s: how long an organization or a sink is left alone once nothing is left there to
            look at; more than 0.
        records: of one organization in one look.
        objects: of one sink in one look.
    """

    every_s: float = 10.0
    apart_s: float = 30.0
    records: int = 500
    objects: int = 100


@dataclass(slots=True, kw_only=True)
class Reconciled:
    """Add up what looks have found.

    Attributes:
        records: compared with their copies.
        missing: without a copy that counts; they were copied again.
        objects: read.
        orphans: lines without a record that were marked.
        changed: objects that are not as they were put.
        broken_off: how often a sink could not be asked.
    """

    records: int = 0
    missing: int = 0
    objects: int = 0
    orphans: int = 0
    changed: int = 0
    broken_off: int = 0

    def add_checked(self, checked: Checked) -> None:
        """Add what a comparison found."""
        self.records += checked.records
        self.missing += checked.missing
        self.broken_off += checked.broken_off

    def add_listing(self, listing: Listing) -> None:
        """Add what reading objects found."""
        self.objects += listing.objects
        self.orphans += listing.orphans
        self.changed += listing.changed
        self.broken_off += listing.broken_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciling:
    """Look at logs, copies and sinks; belongs to one event loop."""

    database: Database
    sinks: Sequence[AuditSink]
    checks: CopyChecks
    listings: CopyListings
    pace: ReconcilingPace = field(default_factory=ReconcilingPace)
    measures: AuditLogMeasures = field(default_factory=UnmeasuredAuditLog)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        """Let `run` return after the look that is under way."""
        self._ended.set()

    async def run(self) -> None:
        """Look until the end; whatever fails is tried again by the next look."""
        while not await self._rests(self.pace.every_s * (0.5 + random.random())):
            try:
                while await self.look() and not self._ended.is_set():
                    pass
            except Exception as error:  # noqa: BLE001  # who ends silently tells nobody anything
                self.measures.failed("compare copies", error)

    async def look(self, found: Reconciled | None = None) -> bool:
        """Look at one organization and at each sink whose turn it is, and add up what is found.

        Returns:
            Whether there was anything to look at.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        total = found or Reconciled()
        looked = await self._compare(total)
        for sink in self.sinks:
            if sink.immutable and sink.listable:
                looked |= await self._list(sink, total)
        return looked

    async def reconcile(self, *, anew: bool = False) -> Reconciled:
        """Look until nothing is left to look at; `anew` begins with the first record and object.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        await reconcile_now(self.database, anew=anew)
        found = Reconciled()
        while await self.look(found):
            pass
        return found

    async def _compare(self, total: Reconciled) -> bool:
        turn = await take_turn(self.database, every_s=self.pace.apart_s)
        if turn is None:
            return False
        checked = await self.checks.check(turn, most=self.pace.records)
        total.add_checked(checked)
        more = checked.records == self.pace.records
        await settle_turn(self.database, turn, sequence=checked.sequence, more=more)
        return True

    async def _list(self, sink: AuditSink, total: Reconciled) -> bool:
        was = await take_listing(self.database, sink.name, every_s=self.pace.apart_s)
        if was is None:
            return False
        listing = await self.listings.read(sink, after=was, most=self.pace.objects)
        total.add_listing(listing)
        more = listing.objects == self.pace.objects
        await settle_listing(self.database, sink.name, was=was, name=listing.name, more=more)
        return True

    async def _rests(self, seconds: float) -> bool:
        """Rest, and say whether it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True
