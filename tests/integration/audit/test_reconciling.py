"""Logs, copies and sinks are compared: what lacks is copied again, what is too much is marked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from runtime.domain.record import AuditRecord
from runtime.kit.canonical_json import digest_bytes, parse
from runtime.kit.clock import SystemClock
from runtime.ports.audit_sink import Listed, SinkObject
from runtime.services.audit.copy_objects import object_name
from runtime.services.audit.reconciling import Reconciled
from runtime.services.context import Ids
from runtime.store.record_batches import record_at_once
from tests.audit_log import WatchedLog
from tests.database import FreshDatabase, session
from tests.execution import an_increment
from tests.integration.execution.test_sharing import a_commit
from tests.jobs import until
from tests.strict import StrictWorld, a_strict_world
from tests.worm import Fault, WormFiles

OLD = f"cop_01KDVDNA000000000000000000-{'0' * 64}.jsonl"
TOMORROW = f"{SystemClock().now() + timedelta(days=1):%Y/%m/%d}"
_EVENTS = "select type, document from events where type like 'audit.%' order by id"
_MARKS = """
select document from audit_records where kind = 'audit.orphan_marked' order by id
"""


class OddSink(WormFiles):
    """Fail as no sink should."""

    @override
    def list(self, *, prefix: str, after: str) -> AsyncIterator[Listed]:
        raise RuntimeError("odd")


async def executed(strict: StrictWorld, times: int = 3) -> None:
    """Execute and number a few plans."""
    for _ in range(times):
        await strict.world.execute(an_increment())
    await strict.sequence()


async def told(strict: StrictWorld) -> list[tuple[str, object]]:
    """Return the alarms that there are."""
    rows = await strict.rows(_EVENTS)
    return [(str(kind), parse(str(document))) for kind, document in rows]


async def test_what_is_as_it_should_be_is_left_alone(strict: StrictWorld) -> None:
    """Each record has its copy, and each copy its record."""
    await executed(strict)

    found = await strict.reconciling().reconcile()

    assert found == Reconciled(records=3, objects=3)
    assert (await told(strict), await strict.rows(_MARKS)) == ([], [])


async def test_an_orphan_is_marked_once(strict: StrictWorld) -> None:
    """A copy whose commit never came is named by a record, and never again."""
    await executed(strict, 1)
    group = await a_commit(strict.world, project=strict.world.project_id)
    (record,) = group.records
    (copy,) = await strict.copying.shipped(strict.organization, [(record, group.at)])
    reconciling = strict.reconciling()

    found = [await reconciling.reconcile(anew=anew) for anew in (False, False, True)]

    assert [item.orphans for item in found] == [1, 0, 0]
    (mark,) = await strict.rows(_MARKS)
    assert parse(str(mark[0])) == {
        "line": 0,
        "object": copy.name,
        "record": record.id,
        "sink": strict.sink.name,
    }


async def test_what_is_on_its_way_is_no_orphan_yet(strict: StrictWorld) -> None:
    """An object of a moment ago is looked at later: its commit may be under way."""
    group = await a_commit(strict.world, project=strict.world.project_id)
    (record,) = group.records
    await strict.copying.shipped(
        strict.organization, [(record, group.at + timedelta(microseconds=1))]
    )
    early = strict.reconciling(ahead=timedelta())

    assert (await early.reconcile()).objects == 0
    assert (await strict.reconciling().reconcile()).orphans == 1


def lose(path: Path) -> None:
    """Delete a file as an owner of the folder could."""
    path.unlink()


def truncate(path: Path) -> None:
    """Cut a file in half."""
    body = path.read_bytes()
    path.chmod(0o640)
    path.write_bytes(body[: len(body) // 2])


@pytest.mark.parametrize("harm", [lose, truncate])
async def test_a_copy_that_is_gone_is_told_of_and_made_again(
    strict: StrictWorld, harm: object
) -> None:
    """The record is copied again from the log, an alarm is told, and then all is well."""
    await executed(strict)
    path = strict.sink.objects()[1]
    assert callable(harm)
    harm(path)

    found = [await strict.reconciling().reconcile(anew=True) for _ in range(2)]

    assert [item.missing for item in found] == [1, 0]
    ((kind, document),) = [item for item in await told(strict) if "missing" in item[0]]
    lost = (await strict.rows("select record_id, name from audit_copies order by at"))[1]
    assert kind == "audit.copy_missing"
    assert document == {
        "copied_to": strict.sink.name,
        "object": lost[1],
        "reason": "lost",
        "record": lost[0],
        "sink": strict.sink.name,
    }


async def test_a_sink_that_lied_is_found_out(strict: StrictWorld) -> None:
    """A receipt for what was never kept is told of, and the record is copied again."""
    strict.sink.fault = Fault.LIES
    await executed(strict, 1)
    strict.sink.fault = Fault.NONE

    found = await strict.reconciling().reconcile()

    assert (found.missing, len(strict.sink.objects())) == (1, 1)


async def test_an_object_of_something_else_is_no_copy(
    strict: StrictWorld, database: FreshDatabase
) -> None:
    """A receipt that points at another record's object does not count."""
    await executed(strict, 2)
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute("set session_replication_role = replica")
        await superuser.execute("""
            update audit_copies set (name, version, digest) = (
              select name, version, digest from audit_copies order by record_id desc limit 1)
        """)

    found = await strict.reconciling().reconcile()

    assert (found.missing, found.orphans) == (1, 0)
    assert [document["reason"] for _, document in await told(strict)] == ["unlike"]  # type: ignore[index]  # of JSON


async def test_a_record_of_a_strict_time_needs_a_copy(
    database: FreshDatabase, redis_url: str, tmp_path: Path
) -> None:
    """One that has none, however that came, is told of and copied; those before it are not."""
    async with AsyncExitStack() as stack:
        strict = await a_strict_world(stack, database, redis_url, tmp_path, strict=False)
        await executed(strict, 2)
        now = SystemClock().now()
        await strict.demand(since=now)
        before = await strict.reconciling().reconcile()
        missing = [before.missing]
        for seconds in (30, 120):  # what began before strict mode may be committed a moment later
            await strict.demand(strict=False)
            await strict.demand(since=now - timedelta(seconds=seconds))
            missing.append((await strict.reconciling().reconcile(anew=True)).missing)

        assert missing == [0, 0, 2]
        assert len(await strict.rows("select 1 from audit_copies")) == 2


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        pytest.param("approval.requested", 1, id="an execution asks for an approval"),
        pytest.param("approval.used", 1, id="an execution uses one up"),
        pytest.param("approval.granted", 0, id="somebody grants one, which executes nothing"),
    ],
)
async def test_what_is_committed_with_an_execution_needs_a_copy_too(
    strict: StrictWorld, kind: str, missing: int
) -> None:
    """Other records are shipped after their commit."""
    now = SystemClock().now()
    record = AuditRecord.of(
        {},
        record_id=Ids(SystemClock()).new("aud"),
        principal_id=strict.world.caller.member_id,
        kind=kind,
        project_id=None,
    )
    await strict.demand(strict=False)
    await strict.demand(since=now - timedelta(seconds=120))
    await record_at_once(
        strict.world.database, [(record, now)], organization_id=strict.organization
    )
    await strict.sequence()

    assert (await strict.reconciling().reconcile()).missing == missing


async def test_an_object_that_somebody_hid_is_told_of(strict: StrictWorld) -> None:
    """Its copies are still there by their version; who hid it is an alarm."""
    await executed(strict, 2)
    name = str((await strict.rows("select name from audit_copies order by name"))[0][0])
    strict.sink.hidden.add(name)

    found = await strict.reconciling().reconcile()

    assert (found.changed, found.missing, found.orphans) == (1, 0, 0)
    document = {"object": name, "sink": strict.sink.name}
    assert await told(strict) == [("audit.copies_changed", document)]


async def test_objects_that_are_none_of_ours_are_an_alarm(strict: StrictWorld) -> None:
    """What others put among the copies is counted, and keeps nobody from going on."""
    await executed(strict, 1)
    strange = strict.sink.folder / "copies" / "0000"
    strange.mkdir()
    body = b"not a copy"
    digest = digest_bytes(body).removeprefix("sha256:")
    (strange / f"x.jsonl.{digest}").write_bytes(body)

    found = await strict.reconciling().reconcile()

    assert (found.objects, found.changed, strict.measures.changed) == (2, 1, 1)


@pytest.mark.parametrize("name", ["9999/x.jsonl", "readme", f"9999/01/01/{OLD}", f"{TOMORROW}/zz"])
async def test_a_name_that_is_ahead_of_its_time_hides_nothing(
    strict: StrictWorld, name: str
) -> None:
    """Whatever others put behind the copies that there are, those that come later are read."""
    await executed(strict, 1)
    strange = strict.sink.folder / "copies" / f"{name}.{digest_bytes(b'x').removeprefix('sha256:')}"
    strange.parent.mkdir(parents=True, exist_ok=True)
    strange.write_bytes(b"x")
    assert (await strict.reconciling().reconcile()).objects == 1

    await executed(strict, 2)

    assert (await strict.reconciling().reconcile()).objects == 2


async def test_a_copy_of_what_is_no_record_keeps_nobody_from_going_on(
    strict: StrictWorld,
) -> None:
    """Its line names what no database keeps; the object counts as changed."""
    await executed(strict, 1)
    (whole,) = strict.sink.objects()
    line = whole.read_bytes()
    body = line.replace(b'"id":"aud_', b'"id":"aud_\\u0000')
    assert body != line
    name = object_name(Ids(SystemClock()), body)
    await strict.sink.put(SinkObject(name=name, body=body))
    await executed(strict, 1)

    found = await strict.reconciling().reconcile()

    assert (found.objects, found.changed, found.orphans) == (3, 1, 0)


async def test_whatever_fails_is_tried_again(strict: StrictWorld) -> None:
    """Who compares does not end by what nobody foresaw, and says that it failed."""
    await executed(strict, 1)
    watched, odd = WatchedLog(), OddSink(strict.sink.folder)
    reconciling = strict.reconciling(every_s=0.01, sinks=[odd], failures=watched)
    task = asyncio.create_task(reconciling.run())

    async def told_of() -> bool:
        return bool(watched.failures) or task.done()

    await until(told_of)
    assert not task.done()
    reconciling.end()
    await task
    assert {type(error) for error in watched.failures} == {RuntimeError}


async def test_a_look_is_bounded_and_the_next_goes_on(strict: StrictWorld) -> None:
    """However little one look may do, all is compared in the end, once."""
    await executed(strict, 5)
    reconciling = strict.reconciling(records=2, objects=2)
    first = Reconciled()
    await reconciling.look(first)

    rest = Reconciled()
    while await reconciling.look(rest):
        pass

    assert (first.records, first.objects) == (2, 2)
    assert (rest.records, rest.objects) == (3, 3)


async def test_a_sink_that_is_down_is_asked_again_later(strict: StrictWorld) -> None:
    """What can't be told is neither an alarm nor passed over."""
    await executed(strict)
    strict.sink.fault = Fault.DOWN
    down = await strict.reconciling().reconcile()
    strict.sink.fault = Fault.NONE
    up = await strict.reconciling().reconcile()

    assert (down.records, down.broken_off, down.missing) == (0, 2, 0)
    assert (up.records, up.objects, up.broken_off) == (3, 3, 0)


async def test_copies_of_a_sink_that_is_gone_are_made_elsewhere(
    database: FreshDatabase, redis_url: str, tmp_path: Path
) -> None:
    """A sink that is not configured any more proves nothing."""
    async with AsyncExitStack() as stack:
        strict = await a_strict_world(stack, database, redis_url, tmp_path, sinks=2)
        await executed(strict, 1)
        strict.sink.fault = Fault.DOWN
        found = await strict.reconciling(sinks=strict.sinks[1:]).reconcile()

        assert found.missing == 1
        sinks = await strict.rows("select sink from audit_copies order by sink")
        assert sinks == [(sink.name,) for sink in strict.sinks]


async def test_it_looks_until_it_is_told_to_end(strict: StrictWorld) -> None:
    """`run` compares what there is, and returns after `end`."""
    await executed(strict)
    reconciling = strict.reconciling(every_s=0.01)
    task = asyncio.create_task(reconciling.run())

    async def all_compared() -> bool:
        return bool(
            await strict.rows(
                "select 1 from audit_reconciliations, audit_listings "
                "where sequence = 3 and name > ''"
            )
        )

    await until(all_compared)
    reconciling.end()
    await task
