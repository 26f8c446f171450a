"""Read the objects of a sink: which copies nobody committed, and what was done to objects since.

A copy is written before its commit, which may then fail: that leaves an orphan, a line that no
record stands behind. Each is marked once, by a record of the organization that it names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.record import AuditRecord, Event
from runtime.kit.canonical_json import canonical_text
from runtime.ports.audit_sink import (
    AuditSink,
    CopyLostError,
    Listed,
    ListedKind,
    Receipt,
    SinkError,
)
from runtime.services.audit.copy_objects import (
    PREFIX,
    CopyLine,
    CopyUnreadableError,
    digest_named,
    names_until,
    read_copies,
)
from runtime.services.audit.copying_measures import CopyingMeasures
from runtime.services.context import Ids
from runtime.store import records
from runtime.store.audit_copies import Orphan, copies_of, mark_orphan
from runtime.store.organizations import find_organization
from runtime.store.session import Database

COPIES_CHANGED: Final = "audit.copies_changed"
ORPHAN_MARKED: Final = "audit.orphan_marked"
PLATFORM: Final = "platform"
"""The principal of what nobody asked for."""
SETTLED: Final = timedelta(seconds=60)
"""By when after the making of an object its records are committed, or never will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Say how far reading came, and what was found.

    Attributes:
        name: up to which objects were read.
        objects: how many names were read.
        orphans: how many lines were marked now.
        changed: how many objects are not as they were put.
        broken_off: the sink could not be asked any more: it goes on from there.
    """

    name: str
    objects: int = 0
    orphans: int = 0
    changed: int = 0
    broken_off: bool = False


@dataclass(slots=True)
class _Seen:
    """Gather the versions of one name."""

    name: str
    changed: bool = False
    lines: tuple[CopyLine, ...] = ()


@dataclass(slots=True)
class _Tally:
    name: str
    objects: int = 0
    orphans: int = 0
    changed: int = 0
    seen: _Seen | None = field(default=None)


class CopyListings:
    """Read sinks that can be listed."""

    def __init__(self, database: Database, *, ids: Ids, measures: CopyingMeasures) -> None:
        self._database = database
        self._ids = ids
        self._measures = measures

    async def read(self, sink: AuditSink, *, after: str, most: int) -> Listing:
        """Read at most so many objects of a sink whose names come after one.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        tally, broken_off = _Tally(name=after), False
        try:
            async for item in sink.list(prefix=PREFIX, after=after):
                if not await self._goes_on(sink, item, tally=tally, most=most):
                    break
            await self._settle(sink, tally)
        except SinkError:
            broken_off = True
        return Listing(
            name=tally.name,
            objects=tally.objects,
            orphans=tally.orphans,
            changed=tally.changed,
            broken_off=broken_off,
        )

    async def _goes_on(self, sink: AuditSink, item: Listed, *, tally: _Tally, most: int) -> bool:
        """Take in one version; False: it is not looked at, and nothing after it."""
        if tally.seen is None or tally.seen.name != item.name:
            await self._settle(sink, tally)
            if tally.objects >= most or not self._is_settled(item.name):
                return False
            tally.seen = _Seen(item.name)
        tally.seen.changed |= item.kind is not ListedKind.COPY
        if item.kind is not ListedKind.MARKER:
            await _take_in(sink, item, seen=tally.seen)
        return True

    def _is_settled(self, name: str) -> bool:
        """Say whether what an object holds is committed by now.

        Names sort by time. One that is ahead of it, whoever gave it, is not looked at before its
        time: all that come before it until then would be passed over.
        """
        return name <= names_until(self._ids.now() - SETTLED)

    async def _settle(self, sink: AuditSink, tally: _Tally) -> None:
        """Draw the conclusions of all versions of a name."""
        seen, tally.seen = tally.seen, None
        if seen is None:
            return
        of_organization: dict[str, list[tuple[int, CopyLine]]] = defaultdict(list)
        for number, line in enumerate(seen.lines):
            of_organization[line.organization_id].append((number, line))
        for organization, lines in of_organization.items():
            tally.orphans += await self._conclude(organization, lines, sink=sink, seen=seen)
        if seen.changed:
            self._measures.copies_changed(sink.name)
        tally.name = seen.name
        tally.objects += 1
        tally.changed += seen.changed

    async def _conclude(
        self,
        organization: str,
        lines: Sequence[tuple[int, CopyLine]],
        *,
        sink: AuditSink,
        seen: _Seen,
    ) -> int:
        """Mark an organization's orphans of an object, and tell of a change; return how many."""
        async with self._database.transaction(organization) as connection:
            if await find_organization(connection, organization) is None:
                return 0
            orphans = await self._orphans(connection, organization, lines)
            marked = 0
            for number, line in orphans:
                orphan = Orphan(
                    record_id=line.record_id, name=seen.name, line=number, sink=sink.name
                )
                marked += await self._mark(connection, organization, orphan)
            if seen.changed:
                document = canonical_text({"object": seen.name, "sink": sink.name})
                event = Event(id=self._ids.new("evt"), type=COPIES_CHANGED, document=document)
                await records.add_event(
                    connection, event, organization_id=organization, now=self._ids.now()
                )
        if marked:
            self._measures.orphans_marked(marked)
        return marked

    async def _orphans(
        self,
        connection: AsyncConnection,
        organization: str,
        lines: Sequence[tuple[int, CopyLine]],
    ) -> Sequence[tuple[int, CopyLine]]:
        """Return the lines that no committed record says to be its copy."""
        copies = await copies_of(connection, organization, [line.record_id for _, line in lines])
        known = {(copy.record_id, copy.leaf) for copy in copies}
        return [item for item in lines if (item[1].record_id, item[1].leaf) not in known]

    async def _mark(self, connection: AsyncConnection, organization: str, orphan: Orphan) -> bool:
        now = self._ids.now()
        if not await mark_orphan(connection, organization, orphan, now=now):
            return False
        record = AuditRecord.of(
            {
                "line": orphan.line,
                "object": orphan.name,
                "record": orphan.record_id,
                "sink": orphan.sink,
            },
            record_id=self._ids.new("aud"),
            principal_id=PLATFORM,
            kind=ORPHAN_MARKED,
            project_id=None,
        )
        await records.add_audit_record(connection, record, organization_id=organization, now=now)
        return True


async def _take_in(sink: AuditSink, item: Listed, *, seen: _Seen) -> None:
    """Read a version; one that has other bytes than its name says was put there by somebody else.

    Raises:
        SinkError: it can't be told now.
    """
    try:
        digest = digest_named(item.name)
        receipt = Receipt(sink=sink.name, name=item.name, version=item.version, digest=digest)
        seen.lines = tuple(read_copies(await sink.read(receipt), digest=digest))
    except (CopyLostError, CopyUnreadableError):
        seen.changed = True
