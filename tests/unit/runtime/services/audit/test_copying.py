"""Copying is bounded in size and time, and tells everybody who waits what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio
from typing_extensions import override

from runtime.domain.errors import AuditUnavailableError, StorageUnavailableError
from runtime.domain.record import AuditRecord
from runtime.kit.clock import SystemClock
from runtime.ports.audit_copies import NewCopy
from runtime.ports.audit_sink import Receipt, SinkObject
from runtime.services.audit.copy_sinks import CopySinks
from runtime.services.audit.copying import Copying, CopyingPace
from runtime.services.context import Ids
from runtime.services.readiness import DegradedError
from runtime.store.session import Database
from tests.database import FreshDatabase, session
from tests.execution import a_caller, a_project
from tests.jobs import until
from tests.strict import CountingCopies, subject_keys
from tests.worm import Fault, WormFiles

CLOCK = SystemClock()


class GatedSink(WormFiles):
    """Let objects through only when the gate is open; `bodies` are those that came so far."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.gate = asyncio.Event()
        self.bodies: list[bytes] = []

    @override
    async def put(self, obj: SinkObject) -> Receipt:
        """Wait at the gate."""
        self.bodies.append(obj.body)
        await self.gate.wait()
        return await super().put(obj)


class BrokenSink(WormFiles):
    """Fail as no adapter should."""

    @override
    async def put(self, obj: SinkObject) -> Receipt:
        """Raise what is no `SinkError`."""
        raise RuntimeError("a fault of the driver")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Hold what copies records of one organization."""

    database: Database
    organization: str
    sink: GatedSink
    measures: CountingCopies
    copying: Callable[[CopyingPace], Copying]

    async def shipped(self, copying: Copying, *records: AuditRecord) -> Sequence[NewCopy]:
        """Copy records."""
        return await copying.shipped(self.organization, [(item, CLOCK.now()) for item in records])


@pytest_asyncio.fixture
async def desk(database: FreshDatabase, tmp_path: Path) -> Desk:
    """Give an organization and a sink with a gate."""
    caller = a_caller(Ids(CLOCK))
    await a_project(database, caller)
    sink, measures = GatedSink(tmp_path), CountingCopies()
    return Desk(
        database=database,
        organization=caller.organization_id,
        sink=sink,
        measures=measures,
        copying=lambda pace: a_copying(database, sink, measures, pace=pace),
    )


def a_copying(
    database: Database, sink: WormFiles, measures: CountingCopies, *, pace: CopyingPace
) -> Copying:
    """Build what copies into one sink."""
    return Copying(
        CopySinks([sink], monotonic_s=CLOCK.monotonic_s, measures=measures),
        keys=subject_keys(database, CLOCK),
        ids=Ids(CLOCK),
        measures=measures,
        pace=pace,
    )


def a_record(size: int = 10) -> AuditRecord:
    """Build a record whose document is about so large."""
    return AuditRecord.of(
        {"said": "x" * size},
        record_id=Ids(CLOCK).new("aud"),
        principal_id="mem_01KDVDNA000000000000000000",
        kind="plan.executed",
        project_id=None,
    )


async def under_way(sink: GatedSink, *, objects: int) -> None:
    """Wait until so many objects are on their way."""

    async def there() -> bool:
        return len(sink.bodies) >= objects

    await until(there)


async def test_what_comes_meanwhile_goes_into_the_next_object(desk: Desk) -> None:
    """While one object is on its way, all that comes shares the second."""
    copying = desk.copying(CopyingPace(second_s=60.0))
    records = [a_record() for _ in range(12)]
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(desk.shipped(copying, records[0]))]
        await under_way(desk.sink, objects=1)
        asked += [group.create_task(desk.shipped(copying, record)) for record in records[1:]]
        await asyncio.sleep(0)
        desk.sink.gate.set()
    await copying.close()

    assert [body.count(b"\n") for body in desk.sink.bodies] == [1, 11]
    assert [task.result()[0].record_id for task in asked] == [record.id for record in records]


@pytest.mark.parametrize(
    "pace",
    [
        pytest.param(CopyingPace(second_s=60.0, object_records=3), id="enough records"),
        pytest.param(CopyingPace(second_s=60.0, object_bytes=1_500), id="enough bytes"),
        pytest.param(CopyingPace(second_s=0.01), id="time passed"),
    ],
)
async def test_a_second_object_leaves_when_it_is_full_or_waited_long(
    desk: Desk, pace: CopyingPace
) -> None:
    """Nobody waits for a slow object whose own would be no larger for it; a third has to."""
    copying = desk.copying(pace)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(desk.shipped(copying, a_record()))]
        await under_way(desk.sink, objects=1)
        asked += [group.create_task(desk.shipped(copying, a_record())) for _ in range(3)]
        await under_way(desk.sink, objects=2)
        asked += [group.create_task(desk.shipped(copying, a_record())) for _ in range(3)]
        await asyncio.sleep(0.05)
        ahead = len(desk.sink.bodies)
        desk.sink.gate.set()

    assert ahead == 2
    assert [len(task.result()) for task in asked] == [1] * 7


async def test_objects_are_bounded(desk: Desk) -> None:
    """So many records and bytes at most; one that is larger has an object alone."""
    copying = desk.copying(CopyingPace(under_way=1, object_records=3, object_bytes=10_000))
    sizes = (10, 10, 10, 10, 4_000, 4_000, 9_000, 10)
    desk.sink.gate.set()

    copies = await desk.shipped(copying, *map(a_record, sizes))

    assert [body.count(b"\n") for body in desk.sink.bodies] == [3, 2, 1, 1, 1]
    assert len({copy.name for copy in copies}) == 5
    assert [len(body) > 10_000 for body in desk.sink.bodies] == [False] * 3 + [True, False]


@pytest.mark.parametrize(
    "pace",
    [
        pytest.param(CopyingPace(under_way=1, waiting_records=4), id="records"),
        pytest.param(CopyingPace(under_way=1, waiting_bytes=4_000), id="bytes"),
    ],
)
async def test_what_waits_is_bounded(desk: Desk, pace: CopyingPace) -> None:
    """Past half of the room a caller is refused at once, and those who wait are served."""
    copying = desk.copying(pace)
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(desk.shipped(copying, a_record()))]
        await under_way(desk.sink, objects=1)
        asked += [group.create_task(desk.shipped(copying, a_record())) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(AuditUnavailableError, match="too many of its records"):
            await desk.shipped(copying, a_record(), a_record())
        desk.sink.gate.set()

    assert [len(task.result()) for task in asked] == [1, 1, 1]
    assert desk.measures.refused == 2


async def _entered(copying: Copying, records: int) -> bool:
    return copying.waiting == records


async def test_an_organization_leaves_room_for_others(desk: Desk) -> None:
    """Whoever has filled its half is refused; another one comes in, until all of it is full."""
    other = a_caller(Ids(CLOCK))
    await a_project(desk.database, other)
    another = replace(desk, organization=other.organization_id)
    copying = desk.copying(CopyingPace(under_way=1, waiting_records=4))
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(desk.shipped(copying, a_record()))]
        await under_way(desk.sink, objects=1)
        asked += [group.create_task(desk.shipped(copying, a_record())) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(AuditUnavailableError, match="too many of its records"):
            await desk.shipped(copying, a_record())
        asked.append(group.create_task(another.shipped(copying, a_record())))
        await until(lambda: _entered(copying, 3))
        with pytest.raises(AuditUnavailableError, match="too many records wait"):
            await another.shipped(copying, a_record(), a_record(), a_record())
        desk.sink.gate.set()
    await copying.close()

    assert [len(task.result()) for task in asked] == [1, 1, 1, 1]
    copied = await desk.shipped(copying, a_record(), a_record())
    assert len(copied) == 2, "who was served has its room back"


async def test_nobody_waits_longer_than_the_oldest_may(desk: Desk) -> None:
    """A caller whose copy takes too long is told; what it wrote is taken by nobody's commit."""
    copying = desk.copying(CopyingPace(under_way=1, oldest_s=0.05))

    with pytest.raises(AuditUnavailableError, match=r"within 0\.05 s"):
        await desk.shipped(copying, a_record())
    with pytest.raises(AuditUnavailableError, match=r"within 0\.05 s"):
        await desk.shipped(copying, a_record())
    desk.sink.gate.set()
    await copying.close()

    assert len(desk.sink.bodies) == 1  # whoever gave up is not copied
    assert desk.measures.refused == 2


async def test_a_fault_of_a_driver_is_a_failure_of_the_sink(desk: Desk, tmp_path: Path) -> None:
    """Whatever it raises, nobody waits for ever and nothing counts as copied."""
    measures = CountingCopies()
    copying = a_copying(desk.database, BrokenSink(tmp_path), measures, pace=CopyingPace())

    with pytest.raises(AuditUnavailableError, match="no immutable sink has taken them"):
        await desk.shipped(copying, a_record())

    assert measures.failures == 1


async def test_sinks_that_are_not_immutable_count_for_nothing(desk: Desk, tmp_path: Path) -> None:
    """A copy that its owner can delete is none."""
    sink = WormFiles(tmp_path)
    sink.immutable = False
    copying = a_copying(desk.database, sink, CountingCopies(), pace=CopyingPace())

    with pytest.raises(AuditUnavailableError, match="no immutable sink is configured"):
        await desk.shipped(copying, a_record())
    with pytest.raises(DegradedError):
        await copying.ready()

    assert sink.puts == 0


async def test_a_sink_that_is_well_again_is_given_up_by_its_next_failure(
    desk: Desk, tmp_path: Path
) -> None:
    """Half open, one failure closes the door again."""
    sink, measures = WormFiles(tmp_path, fault=Fault.DROPS), CountingCopies()
    sinks = CopySinks([sink], monotonic_s=lambda: 10.0 * len(seen), measures=measures)
    seen: list[None] = []
    obj = SinkObject(name="copies/x", body=b"x")
    for _ in range(3):
        with pytest.raises(AuditUnavailableError):
            await sinks.put(obj, records=1)
    seen.append(None)  # ten seconds pass
    with pytest.raises(AuditUnavailableError):
        sinks.check()

    async def asked() -> bool:
        return measures.reachable == [False, True]

    await until(asked)
    with pytest.raises(AuditUnavailableError, match="has taken them"):
        await sinks.put(obj, records=1)
    with pytest.raises(AuditUnavailableError, match="answers"):
        await sinks.put(obj, records=1)
    await sinks.close()

    assert sink.puts == 4
    assert measures.reachable == [False, True, False]


async def test_keys_that_cannot_be_had_are_told_of_as_they_are(
    desk: Desk, database: FreshDatabase
) -> None:
    """The database's failure is no failure of a sink."""
    copying = desk.copying(CopyingPace())
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute(f"alter database {database.urls.name} connection limit 0")
        await superuser.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )

    with pytest.raises(StorageUnavailableError):
        await desk.shipped(copying, a_record())

    assert desk.sink.bodies == []
