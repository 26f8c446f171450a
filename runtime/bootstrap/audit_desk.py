"""Wire what people do with their audit log, and what records asks and refusals."""

from __future__ import annotations

from runtime.kit.clock import Clock
from runtime.services.audit.access_refusals import AccessRefusals
from runtime.services.audit.desk import AuditDesk
from runtime.services.audit.erasures import Erasures
from runtime.services.audit.exporting import AuditExports
from runtime.services.audit.holds import Holds
from runtime.services.audit.recorder import Recorder
from runtime.services.audit.records import AuditRecords
from runtime.services.audit.settings import AuditDemands
from runtime.services.audit.subject_keys import SubjectKeys
from runtime.services.context import Ids
from runtime.store.session import Database


def audit_desk(
    *, database: Database, ids: Ids, keys: SubjectKeys, immutable_sink: bool
) -> AuditDesk:
    """Return the use cases.

    Args:
        database: where the log is.
        ids: makes ids, and tells the time.
        keys: open what leaves hold; the same that seal in this process.
        immutable_sink: whether one is configured, without which nothing is strict.
    """
    return AuditDesk(
        demands=AuditDemands(database=database, ids=ids, immutable_sink=immutable_sink),
        erasures=Erasures(database=database, ids=ids, forget=keys.forget),
        exports=AuditExports(database=database, ids=ids, keys=keys),
        holds=Holds(database=database, ids=ids),
        records=AuditRecords(database=database, keys=keys),
    )


def access_refusals(recorder: Recorder, *, database: Database, clock: Clock) -> AccessRefusals:
    """Return what records refusals by rights."""
    return AccessRefusals(
        database=database, ids=Ids(clock), recorder=recorder, monotonic_s=clock.monotonic_s
    )
