"""Let a process write immutable copies before it commits, and compare them with logs and sinks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from runtime.kit.clock import Clock
from runtime.ports.audit_sink import AuditSink
from runtime.services.audit.copy_checks import CopyChecks
from runtime.services.audit.copy_listings import CopyListings
from runtime.services.audit.copy_sinks import CopySinks
from runtime.services.audit.copying import Copying
from runtime.services.audit.copying_measures import CopyingMeasures
from runtime.services.audit.measures import AuditLogMeasures, UnmeasuredAuditLog
from runtime.services.audit.reconciling import Reconciling
from runtime.services.audit.subject_keys import SubjectKeys
from runtime.services.context import Ids
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCopies:
    """Hold what makes copies, and what compares them."""

    copying: Copying
    reconciling: Reconciling


@asynccontextmanager
async def open_copies(
    database: Database,
    keys: SubjectKeys,
    *,
    sinks: Sequence[AuditSink],
    clock: Clock,
    measures: CopyingMeasures,
    log: AuditLogMeasures | None = None,
    keeps_going: bool = True,
) -> AsyncIterator[OpenCopies | None]:
    """Make copies while the block runs; yield None where no sink is immutable.

    Args:
        database: where logs are, and where copies are known.
        keys: of subjects; the same that the log is sealed with.
        sinks: all that are configured; they are closed by who opened them.
        clock: the system's.
        measures: told what happens to copies.
        log: told what could not be compared, and is tried again.
        keeps_going: whether this process also compares, beside whatever else it does.
    """
    if not any(sink.immutable for sink in sinks):
        yield None
        return
    ids = Ids(clock)
    copy_sinks = CopySinks(sinks, monotonic_s=clock.monotonic_s, measures=measures)
    reconciling = Reconciling(
        database=database,
        sinks=sinks,
        checks=CopyChecks(database, sinks=sinks, copy_sinks=copy_sinks, ids=ids, measures=measures),
        listings=CopyListings(database, ids=ids, measures=measures),
        measures=log or UnmeasuredAuditLog(),
    )
    copying = Copying(copy_sinks, keys=keys, ids=ids, measures=measures)
    tasks = (
        {asyncio.create_task(reconciling.run(), name="compare copies")} if keeps_going else set()
    )
    try:
        yield OpenCopies(copying=copying, reconciling=reconciling)
    finally:
        reconciling.end()
        if tasks:
            await asyncio.wait(tasks)
        await copying.close()
