"""Compare an organization's log with the immutable copies that its records must have.

A copy counts when the object that is read back, by its version, has exactly the leaf of the log. A
record without such a copy is copied again, and told of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from runtime.domain.errors import AuditUnavailableError
from runtime.domain.record import Event
from runtime.kit.canonical_json import canonical_text
from runtime.ports.audit_sink import AuditSink, CopyLostError, Receipt, SinkError, SinkObject
from runtime.services.audit.copy_objects import (
    CopyUnreadableError,
    copy_line,
    object_name,
    read_copies,
)
from runtime.services.audit.copy_sinks import CopySinks
from runtime.services.audit.copying_measures import CopyingMeasures
from runtime.services.context import Ids
from runtime.store import records
from runtime.store.audit_copies import Copy, add_copies, copies_of
from runtime.store.audit_reconciliations import LoggedRecord, Turn, logged_leaf, logged_records
from runtime.store.audit_settings import read_audit_settings
from runtime.store.session import Database

COPY_MISSING: Final = "audit.copy_missing"
COPIED_KINDS: Final = frozenset(
    {
        "approval.requested",
        "approval.used",
        "plan.executed",
        "plan.failed",
        "plan.refused",
        "state.reverted",
    }
)
"""What is committed with its copy: all that `commit_executions` writes."""
SETTLED: Final = timedelta(seconds=60)
"""By when after the beginning of strict mode no commit is under way that began before."""


class CopyFault(StrEnum):
    """Say why a record has no copy that counts."""

    NONE = "none"
    """No copy is known, though the organization was strict."""
    LOST = "lost"
    """The sink does not have what its receipt says."""
    UNLIKE = "unlike"
    """There is a copy, but not of what the log has; as of one that was sealed under a key that was
    destroyed before the record got its number."""
    SINK_GONE = "sink_gone"
    """The sink is not configured any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Say how far a comparison came.

    Attributes:
        sequence: the number from which to go on.
        records: how many were compared.
        missing: how many of them had no copy, and were copied again.
        broken_off: a sink could not be asked: it begins there again.
    """

    sequence: int
    records: int = 0
    missing: int = 0
    broken_off: bool = False


class _Objects:
    """Read each object once, and keep of it what one organization's records need."""

    def __init__(self, sinks: Sequence[AuditSink], organization_id: str) -> None:
        self._sinks = {sink.name: sink for sink in sinks}
        self._organization_id = organization_id
        self._read: dict[Receipt, frozenset[tuple[str, str]] | CopyFault] = {}

    async def fault_of(self, copy: Copy) -> CopyFault | None:
        """Return what is wrong with a copy.

        Raises:
            SinkError: it can't be told now.
        """
        sink = self._sinks.get(copy.sink)
        if sink is None:
            return CopyFault.SINK_GONE
        receipt = Receipt(sink=copy.sink, name=copy.name, version=copy.version, digest=copy.digest)
        if receipt not in self._read:
            self._read[receipt] = await self._lines(sink, receipt)
        found = self._read[receipt]
        if isinstance(found, CopyFault):
            return found
        return None if (copy.record_id, copy.leaf) in found else CopyFault.UNLIKE

    async def _lines(
        self, sink: AuditSink, receipt: Receipt
    ) -> frozenset[tuple[str, str]] | CopyFault:
        try:
            lines = read_copies(await sink.read(receipt), digest=receipt.digest)
        except CopyLostError:
            return CopyFault.LOST
        except CopyUnreadableError:
            return CopyFault.UNLIKE
        return frozenset(
            (line.record_id, line.leaf)
            for line in lines
            if line.organization_id == self._organization_id
        )


class CopyChecks:
    """Compare logs with copies, and copy again what has none."""

    def __init__(
        self,
        database: Database,
        *,
        sinks: Sequence[AuditSink],
        copy_sinks: CopySinks,
        ids: Ids,
        measures: CopyingMeasures,
    ) -> None:
        self._database = database
        self._sinks = sinks
        self._copy_sinks = copy_sinks
        self._ids = ids
        self._measures = measures

    async def check(self, turn: Turn, *, most: int) -> Checked:
        """Compare at most so many records of an organization, from a number on.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        organization = turn.organization_id
        async with self._database.transaction(organization, read_only=True) as connection:
            since = (await read_audit_settings(connection, organization)).strict_since
            found = await logged_records(
                connection, organization, sequence=turn.sequence, most=most
            )
            copies = await copies_of(connection, organization, [record.id for record in found])
        objects, missing = _Objects(self._sinks, organization), 0
        for done, record in enumerate(found):
            known = [copy for copy in copies if copy.record_id == record.id]
            try:
                fault = await _fault(record, known, objects=objects, since=since)
                if fault is not None:
                    await self._copy_again(organization, record, fault, known=known)
                    missing += 1
            except (SinkError, AuditUnavailableError):
                return Checked(
                    sequence=record.sequence, records=done, missing=missing, broken_off=True
                )
        sequence = found[-1].sequence + 1 if found else turn.sequence
        return Checked(sequence=sequence, records=len(found), missing=missing)

    async def _copy_again(
        self, organization: str, record: LoggedRecord, fault: CopyFault, *, known: Sequence[Copy]
    ) -> None:
        """Copy what the log has, and tell of it once there is a copy."""
        async with self._database.transaction(organization, read_only=True) as connection:
            leaf = await logged_leaf(connection, organization, record.id)
        body = copy_line(leaf)
        obj = SinkObject(name=object_name(self._ids, body), body=body)
        receipt = await self._copy_sinks.put(obj, records=1)
        copy = Copy(
            record_id=record.id,
            name=receipt.name,
            sink=receipt.sink,
            version=receipt.version,
            digest=receipt.digest,
            leaf=leaf.hash().hex(),
            at=record.at,
        )
        last = known[-1] if known else None
        told = {
            "copied_to": receipt.sink,
            "object": None if last is None else last.name,
            "reason": fault.value,
            "record": record.id,
            "sink": None if last is None else last.sink,
        }
        event = Event(id=self._ids.new("evt"), type=COPY_MISSING, document=canonical_text({**told}))
        async with self._database.transaction(organization) as connection:
            await add_copies(connection, organization, [copy])
            await records.add_event(
                connection, event, organization_id=organization, now=self._ids.now()
            )
        self._measures.copy_missing()


async def _fault(
    record: LoggedRecord,
    copies: Sequence[Copy],
    *,
    objects: _Objects,
    since: datetime | None,
) -> CopyFault | None:
    """Return why none of a record's copies counts, or None where one does or none has to."""
    if not copies:
        if since is None or record.kind not in COPIED_KINDS:
            return None
        return CopyFault.NONE if record.at >= since + SETTLED else None
    fault: CopyFault | None = None
    for copy in reversed(copies):
        fault = CopyFault.UNLIKE
        if copy.leaf == record.leaf:
            fault = await objects.fault_of(copy)
        if fault is None:
            return None
    return fault
