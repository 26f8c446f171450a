"""Records get their numbers after their commit: each once, in order, whoever else does it."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Collection, Mapping
from itertools import chain

import pytest

from runtime.domain.audit_sealing import SubjectKey
from runtime.domain.errors import StorageRefusedError, StorageUnavailableError
from runtime.services.audit.subject_keys import Pair
from runtime.store.session import Database
from tests.audit_log import LogWorld, a_log_world, open_transaction, until
from tests.database import FreshDatabase, session

_WAITING = "select count(*) from audit_records"
_PUT_BACK = (
    "insert into audit_records "
    "(organization_id, id, principal_id, kind, document, digest, created_at) "
    "values ($1, $2, 'mem_1', 'plan.executed', '{}', 'd', now())"
)


async def left(world: LogWorld, organization_id: str) -> int:
    """Return how many records of an organization wait."""
    ((count,),) = await world.asked(organization_id, _WAITING)
    return int(str(count))


async def test_records_become_leaves_in_the_order_in_which_they_were_written(
    world: LogWorld,
) -> None:
    """Those of one transaction too, however many have the same instant."""
    organization = await world.organization()
    ids = [await world.record(organization, count=count) for count in (1, 40, 3)]

    assert not await world.sequencing().look()

    assert await world.sound(organization) == [item for some in ids for item in some]
    assert await left(world, organization) == 0
    assert await world.asked(organization, "select count(*) from audit_outbox") == [(0,)]


@pytest.mark.parametrize("most", [1, 7, 50])
async def test_what_one_append_can_not_hold_is_taken_by_the_next(
    world: LogWorld, most: int
) -> None:
    """A transaction that is cut in two keeps its order, and nothing of it is forgotten."""
    organization = await world.organization()
    ids = [await world.record(organization, count=count) for count in (10, 1, 12)]

    looks = 1
    while await world.sequencing(most=most).look():
        looks += 1

    assert await world.sound(organization) == [item for some in ids for item in some]
    assert looks == -(-23 // most)
    assert await world.asked(organization, "select count(*) from audit_outbox") == [(0,)]


async def test_large_documents_are_taken_a_few_at_a_time(world: LogWorld) -> None:
    """What is in memory at once is bounded by bytes; a single one that is larger goes alone."""
    organization = await world.organization()
    ids = await world.record(organization, count=6, padding="x" * 1_000)

    assert await world.sequencing(most_bytes=2_500).look()
    assert await world.sound(organization) == ids[:2]

    assert await world.sequencing(most_bytes=10).look()
    assert await world.sound(organization) == ids[:3]


async def test_an_open_transaction_is_not_overtaken(
    world: LogWorld, database: FreshDatabase
) -> None:
    """What began to write first is numbered first, though it commits last."""
    organization = await world.organization()
    before = await world.record(organization)
    async with open_transaction(database.app_url, organization) as slow:
        await slow.write(world.ids.new("aud"))
        quick = await world.record(organization)

        assert not await world.sequencing().look()
        assert await world.sound(organization) == before

        await slow.write(world.ids.new("aud"))
        await slow.end(commit=True)
    await world.sequencing().look()
    assert await world.sound(organization) == [*before, *slow.ids, *quick]


async def test_a_transaction_that_was_taken_back_leaves_nothing(
    world: LogWorld, database: FreshDatabase
) -> None:
    """Its records have no numbers, and nobody looks for them."""
    organization = await world.organization()
    async with open_transaction(database.app_url, organization) as undone:
        await undone.write(world.ids.new("aud"))
        kept = await world.record(organization)
        await undone.end(commit=False)

    await world.sequencing().look()

    assert await world.sound(organization) == kept


async def test_a_batch_that_is_cut_leaves_an_open_transaction_to_be_found(
    world: LogWorld, database: FreshDatabase
) -> None:
    """The note of what is still being written stays, whatever is taken before it."""
    organization = await world.organization()
    before = await world.record(organization, count=5)
    async with open_transaction(database.app_url, organization) as slow:
        await slow.write(world.ids.new("aud"))
        while await world.sequencing(most=2).look():
            pass
        await slow.end(commit=True)

    await world.sequencing().look()

    assert await world.sound(organization) == [*before, *slow.ids]


async def test_records_out_of_a_dump_of_another_server_are_numbered(
    world: LogWorld, database: FreshDatabase
) -> None:
    """Their transactions have numbers that this server will not reach for years."""
    organization = await world.organization()
    (dumped,) = await world.record(organization)
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute("set session_replication_role = replica")
        await superuser.execute("update audit_records set position = 1::bigint << 60")
        await superuser.execute("update audit_outbox set position = 1::bigint << 60")
    (new,) = await world.record(organization)

    for _ in range(3):  # what is new, what was dumped, and the note of it
        await world.sequencing().look()

    assert await world.sound(organization) == [new, dumped]
    assert await world.asked(organization, "select count(*) from audit_outbox") == [(0,)]


async def test_a_batch_out_of_a_dump_leaves_what_is_held_up_to_be_found(
    world: LogWorld, database: FreshDatabase
) -> None:
    """The note of a record that an older open transaction holds up stays, whatever is dumped."""
    organization = await world.organization()
    dumped = await world.record(organization, count=2)
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute("set session_replication_role = replica")
        await superuser.execute("update audit_records set position = 1::bigint << 60")
        await superuser.execute("update audit_outbox set position = 1::bigint << 60")
    async with open_transaction(database.app_url, organization) as undone:
        await undone.write(world.ids.new("aud"))
        held_up = await world.record(organization)
        for _ in range(4):
            await world.sequencing(most=1).look()
        assert await world.sound(organization) == dumped
        await undone.end(commit=False)

    await world.sequencing().look()

    assert await world.sound(organization) == [*dumped, *held_up]


async def test_each_organization_has_a_log_of_its_own(world: LogWorld) -> None:
    """One look serves all; numbers begin with 0 in each."""
    organizations = [await world.organization() for _ in range(5)]
    ids = [await world.record(item, count=3) for item in organizations]

    while await world.sequencing(organizations=2).look():
        pass

    assert [await world.sound(item) for item in organizations] == ids


async def test_many_processes_number_while_others_write(
    world: LogWorld, database: FreshDatabase
) -> None:
    """Three that number, six that write to two organizations: each record once, without gaps."""
    organizations = [await world.organization() for _ in range(2)]
    others = [await Database.opened(database.app_url) for _ in range(2)]
    worlds = [world, *[await a_log_world(other) for other in others]]
    keepers = [item.sequencing(most=20) for item in worlds]

    async def write(place: int) -> list[str]:
        found: list[str] = []
        for count in range(1, 12):
            found += await world.record(organizations[place % 2], count=1 + count % 4)
        return found

    async with asyncio.TaskGroup() as group:
        running = [group.create_task(keeper.run()) for keeper in keepers]
        writing = [group.create_task(write(place)) for place in range(6)]
        written = [await task for task in writing]

        async def none_waits() -> bool:
            return sum([await left(world, item) for item in organizations]) == 0

        await until(none_waits)
        for keeper in keepers:
            keeper.end()
        await asyncio.wait(running)

    for place, organization in enumerate(organizations):
        found = await world.sound(organization)
        assert sorted(found) == sorted(chain.from_iterable(written[place::2]))
        for ids in written[place::2]:
            assert [item for item in found if item in set(ids)] == ids
    assert [item.watched.failures for item in worlds] == [[], [], []]
    for other in others:
        await other.close()


class StuckKeys:
    """Answer never, and say that they were asked."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def of(self, organization_id: str, wanted: Collection[Pair]) -> Mapping[Pair, SubjectKey]:
        """Wait for ever."""
        assert organization_id
        assert wanted
        self.asked.set()
        await asyncio.Event().wait()
        raise AssertionError


async def test_only_one_numbers_an_organization_and_who_comes_second_does_not_wait(
    world: LogWorld,
) -> None:
    """Another organization is served meanwhile."""
    organization = await world.organization()
    ids = await world.record(organization)
    keys = StuckKeys()
    first = asyncio.create_task(world.sequencing(keys=keys).look())
    await keys.asked.wait()
    other = await world.organization()
    others = await world.record(other)

    await world.sequencing().look()

    assert await world.sound(organization) == []
    assert await world.sound(other) == others
    first.cancel()
    await asyncio.wait([first])
    await world.sequencing().look()
    assert await world.sound(organization) == ids


class BrokenKeys:
    """Fail for one organization."""

    def __init__(self, world: LogWorld, organization_id: str) -> None:
        self._world = world
        self._organization_id = organization_id

    async def of(self, organization_id: str, wanted: Collection[Pair]) -> Mapping[Pair, SubjectKey]:
        """Answer for all others."""
        if organization_id == self._organization_id:
            raise StorageUnavailableError(reason="test")
        return await self._world.keys.of(organization_id, wanted)


async def test_what_fails_for_one_organization_stops_no_other(world: LogWorld) -> None:
    """It is told of, and tried again."""
    broken, other = await world.organization(), await world.organization()
    ids = [await world.record(item) for item in (broken, other)]

    await world.sequencing(keys=BrokenKeys(world, broken)).look()

    assert [await world.sound(item) for item in (broken, other)] == [[], ids[1]]
    assert len(world.watched.failures) == 1
    await world.sequencing().look()
    assert await world.sound(broken) == ids[0]


async def test_a_record_that_the_log_has_already_stops_no_other_organization(
    world: LogWorld, database: FreshDatabase
) -> None:
    """Somebody put it back beside its own leaf; what is said of it repeats nothing of it."""
    broken, other = sorted([await world.organization(), await world.organization()])
    (record,) = await world.numbered(broken)
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute(_PUT_BACK, broken, record)
    ids = await world.record(other)

    await world.sequencing().look()

    assert await world.sound(other) == ids
    (failure,) = world.watched.failures
    assert isinstance(failure, StorageRefusedError)
    assert record not in str(failure)


@pytest.mark.parametrize("where", ["sealing", "appended"])
async def test_a_killed_process_leaves_all_of_an_append_or_nothing(
    world: LogWorld, database: FreshDatabase, where: str
) -> None:
    """Killed before the commit or after it: the next one goes on where it stopped."""
    organization = await world.organization()
    ids = await world.record(organization, count=30)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.servers.numbering_process",
        "--url", database.app_url, "--stop", where,
        stdout=PIPE,
    )  # fmt: skip
    assert child.stdout is not None
    async with asyncio.timeout(30):
        assert await child.stdout.readline() == f"{where}\n".encode()
    child.send_signal(signal.SIGKILL)
    await child.wait()

    async def numbered() -> bool:
        await world.sequencing().look()
        return await left(world, organization) == 0

    await until(numbered)
    assert await world.sound(organization) == ids
