"""A process makes copies and compares them where a sink is immutable, and counts them."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from runtime.bootstrap.audit_copies import open_copies
from runtime.bootstrap.audit_figures import AuditFigures
from runtime.bootstrap.copy_figures import CopyFigures
from runtime.domain.record import AuditRecord
from runtime.kit.clock import SystemClock
from runtime.ports.audit_sink import SinkError
from runtime.services.context import Ids
from tests.database import FreshDatabase
from tests.execution import a_caller, a_project
from tests.strict import subject_keys
from tests.worm import WormFiles

CLOCK = SystemClock()


def figures(registry: CollectorRegistry) -> set[str]:
    """Return the figures that are not zero, with their values."""
    lines = generate_latest(registry).decode().splitlines()
    return {line for line in lines if not line.startswith("#") and not line.endswith(" 0.0")}


async def test_what_is_copied_is_counted(database: FreshDatabase, tmp_path: Path) -> None:
    """An open process ships records, and its comparing ends with it."""
    registry, sink = CollectorRegistry(), WormFiles(tmp_path)
    caller = a_caller(Ids(CLOCK))
    await a_project(database, caller)
    record = AuditRecord.of(
        {},
        record_id=Ids(CLOCK).new("aud"),
        principal_id=caller.member_id,
        kind="plan.executed",
        project_id=None,
    )
    async with open_copies(
        database,
        subject_keys(database, CLOCK),
        sinks=[sink],
        clock=CLOCK,
        measures=CopyFigures(registry),
    ) as copies:
        assert copies is not None
        await copies.copying.ready()
        (copy,) = await copies.copying.shipped(caller.organization_id, [(record, CLOCK.now())])
        found = await copies.reconciling.reconcile(anew=True)

    assert (copy.sink, found.broken_off) == (sink.name, 0)
    assert "plangate_audit_copy_object_records_count 1.0" in figures(registry)


async def test_without_an_immutable_sink_there_are_no_copies(
    database: FreshDatabase, tmp_path: Path
) -> None:
    """Then there is nothing to compare either."""
    sink = WormFiles(tmp_path)
    sink.immutable = False
    async with open_copies(
        database,
        subject_keys(database, CLOCK),
        sinks=[sink],
        clock=CLOCK,
        measures=CopyFigures(CollectorRegistry()),
    ) as copies:
        assert copies is None


def test_alarms_are_figures() -> None:
    """Whoever watches a platform sees what is wrong with copies."""
    registry = CollectorRegistry()
    told = CopyFigures(registry)
    told.sink_failed("s", why="the bucket has no object lock; make one that has")
    told.sink_reachable("s", reachable=False)
    told.copies_refused(2)
    told.copy_missing()
    told.copies_changed("s")
    told.orphans_marked(3)

    shown = figures(registry)
    assert {
        'plangate_audit_copy_sink_failures_total{sink="s"} 1.0',
        'plangate_audit_copy_sink_unreachable{sink="s"} 1.0',
        "plangate_audit_copy_refused_records_total 2.0",
        "plangate_audit_copy_missing_total 1.0",
        'plangate_audit_copy_changed_objects_total{sink="s"} 1.0',
        "plangate_audit_copy_orphans_total 3.0",
    } <= shown
    told.sink_reachable("s", reachable=True)
    assert 'plangate_audit_copy_sink_unreachable{sink="s"} 1.0' not in figures(registry)


def test_who_mends_a_sink_reads_why_it_failed() -> None:
    """In the words of our own errors; those of drivers may hold what was sent to them."""
    why = "the bucket has no object lock; make one that has"
    with capture_logs() as logged:
        told = AuditFigures(CollectorRegistry())
        told.copies.sink_failed("s3://records", why=why)
        told.log.failed("ship to s3://records", SinkError(why, sink="s3://records"))
        told.log.failed("number records", ValueError("a secret"))

    assert [item["why"] for item in logged] == [why, f"audit sink 's3://records': {why}", None]
    assert [item["event"] for item in logged] == ["audit.copy_refused", *["audit.tried_again"] * 2]
