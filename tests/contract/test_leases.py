"""Hold a lease on one Redis and on a quorum of three to one contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from random import Random

import pytest

from runtime.domain.errors import LeaseBusyError, LeaseLostError, LeaseUnavailableError
from runtime.ports.leases import Lease, LeaseEvent, LeaseEventKind, Leases, hold
from tests.servers.lease_world import LeaseWorld, servers
from tests.servers.stoppable_redis import StoppableRedis

PATIENT_S = 30.0


@pytest.fixture(scope="module")
def three() -> Iterator[tuple[StoppableRedis, ...]]:
    """Run three servers for the module."""
    with servers(3) as running:
        yield running


@pytest.fixture(params=[1, 3], ids=["one redis", "quorum of three"])
async def world(
    request: pytest.FixtureRequest, three: tuple[StoppableRedis, ...]
) -> AsyncIterator[LeaseWorld]:
    """Open a world on one of the servers or on all, and forget what the last test left."""
    world = LeaseWorld(servers=three[: request.param])
    await world.on_all("FLUSHALL")
    yield world
    await world.close()


@pytest.fixture
async def fair_world(three: tuple[StoppableRedis, ...]) -> AsyncIterator[LeaseWorld]:
    """Open a world on one server, which alone keeps the order between processes."""
    world = LeaseWorld(servers=three[:1])
    await world.on_all("FLUSHALL")
    yield world
    await world.close()


async def _holder_of(leases: Leases, key: str) -> str | None:
    with pytest.raises(LeaseBusyError) as refusal:
        await leases.acquire(key, wait_s=0)
    return refusal.value.holder


async def test_one_task_of_all_instances_is_inside_and_tokens_only_grow(world: LeaseWorld) -> None:
    """50 tasks of 3 instances take turns; the order of the turns is the order of the tokens."""
    instances = [world.open(name) for name in ("one", "two", "three")]
    inside: list[str] = []
    tokens: list[int] = []

    async def take_a_turn(leases: Leases) -> None:
        async with hold(leases, "k", wait_s=PATIENT_S) as lease:
            inside.append(lease.owner)
            await asyncio.sleep(0)
            assert inside == [lease.owner]
            assert not lease.lost
            tokens.append(lease.token)
            inside.clear()

    async with asyncio.TaskGroup() as group:
        for number in range(50):
            group.create_task(take_a_turn(instances[number % 3]))

    assert len(tokens) == 50
    assert tokens == sorted(set(tokens))


async def test_owners_never_repeat(world: LeaseWorld) -> None:
    """Two instances of one label, and two tenures of one instance, have four names."""
    owners = set()
    for leases in (world.open("same"), world.open("same")):
        for _ in range(2):
            async with hold(leases, "k", wait_s=PATIENT_S) as lease:
                owners.add(lease.owner)

    assert len(owners) == 4


async def test_a_token_is_larger_than_the_floor_and_than_all_before(world: LeaseWorld) -> None:
    """The floor lifts the tokens of the key for everybody, and a lower one changes nothing."""
    one, two = world.open("one"), world.open("two")

    async with hold(one, "k", wait_s=PATIENT_S, floor=1_000_000_000_000_000) as lease:
        lifted = lease.token
    async with hold(two, "k", wait_s=PATIENT_S, floor=3) as lease:
        later = lease.token

    assert lifted > 1_000_000_000_000_000
    assert later > lifted


async def test_advance_lifts_the_token_of_a_tenure(world: LeaseWorld) -> None:
    """The token rises above the floor, stays if it is above already, and later ones are larger."""
    one, two = world.open("one"), world.open("two")

    async with hold(one, "k", wait_s=PATIENT_S) as lease:
        first = lease.token
        raised = await lease.advance(floor=first + 40)
        again = await lease.advance(floor=first)
        seen = lease.token
    async with hold(two, "k", wait_s=PATIENT_S) as lease:
        later = lease.token

    assert raised > first + 40
    assert again == seen == raised
    assert later > raised


async def test_a_tenure_that_is_over_can_not_advance(world: LeaseWorld) -> None:
    """Only the owner raises tokens."""
    leases = world.open()
    lease = await leases.acquire("k", wait_s=PATIENT_S)
    await leases.release(lease)

    with pytest.raises(LeaseLostError, match="not held by one"):
        await lease.advance(floor=100)


async def test_tasks_of_one_process_are_served_in_the_order_of_asking(world: LeaseWorld) -> None:
    """Ten wait; nobody overtakes."""
    leases = world.open()
    served: list[int] = []

    async def take_a_turn(number: int) -> None:
        async with hold(leases, "k", wait_s=PATIENT_S):
            served.append(number)

    async with asyncio.TaskGroup() as group, hold(leases, "k", wait_s=PATIENT_S):
        for number in range(10):
            group.create_task(take_a_turn(number))
        await asyncio.sleep(0)

    assert served == list(range(10))


async def test_processes_are_served_in_the_order_of_asking(fair_world: LeaseWorld) -> None:
    """Five instances wait, one after the other; nobody overtakes, nobody polls for long."""
    holder = fair_world.open("holder")
    served: list[int] = []

    async def take_a_turn(leases: Leases, number: int) -> None:
        async with hold(leases, "k", wait_s=PATIENT_S):
            served.append(number)

    async with asyncio.TaskGroup() as group, hold(holder, "k", wait_s=PATIENT_S):
        for number in range(5):
            group.create_task(take_a_turn(fair_world.open(f"w{number}"), number))
            await fair_world.queued("k", number + 1)

    assert served == [0, 1, 2, 3, 4]


async def test_another_process_comes_before_the_next_local_task(fair_world: LeaseWorld) -> None:
    """A process with many tasks does not keep the key from one that waits."""
    crowd, single = fair_world.open("crowd"), fair_world.open("single")
    served: list[str] = []

    async def take_a_turn(leases: Leases, name: str) -> None:
        async with hold(leases, "k", wait_s=PATIENT_S):
            served.append(name)

    async with asyncio.TaskGroup() as group, hold(crowd, "k", wait_s=PATIENT_S):
        for _ in range(3):
            group.create_task(take_a_turn(crowd, "crowd"))
        group.create_task(take_a_turn(single, "single"))
        await fair_world.queued("k", 1)

    assert served == ["single", "crowd", "crowd", "crowd"]


async def test_release_ends_only_its_own_tenure(world: LeaseWorld) -> None:
    """Releasing a lease twice, or that of another instance, leaves who holds it in peace."""
    one, two, third = world.open("one"), world.open("two"), world.open("third")
    old = await one.acquire("k", wait_s=PATIENT_S)
    await one.release(old)
    current = await two.acquire("k", wait_s=PATIENT_S)

    await one.release(old)
    await one.release(current)

    assert await _holder_of(third, "k") == current.owner
    assert not current.lost
    assert old.lost


async def test_busy_names_the_holder_and_the_wait_is_bounded(world: LeaseWorld) -> None:
    """Whoever waits in vain learns who had it, for how long it waited and at which place."""
    one, two = world.open("one"), world.open("two")
    loop = asyncio.get_running_loop()
    async with hold(one, "k", wait_s=PATIENT_S) as lease:
        began_s = loop.time()
        with pytest.raises(LeaseBusyError) as refusal:
            await two.acquire("k", wait_s=0.2)
        took_s = loop.time() - began_s

    assert 0.2 <= refusal.value.waited_s <= took_s < 2.2
    assert (refusal.value.holder, refusal.value.position) == (lease.owner, 1)


async def test_a_local_wait_is_bounded_too(world: LeaseWorld) -> None:
    """A task behind others of its process gives up in time, and tells its place."""
    leases = world.open()
    async with hold(leases, "k", wait_s=PATIENT_S) as lease, asyncio.TaskGroup() as group:
        first = group.create_task(_refused(leases, wait_s=0.3))
        second = group.create_task(_refused(leases, wait_s=0.1))

    assert (first.result().position, second.result().position) == (1, 2)
    assert {first.result().holder, second.result().holder} == {lease.owner}


async def _refused(leases: Leases, *, wait_s: float) -> LeaseBusyError:
    with pytest.raises(LeaseBusyError) as refusal:
        await leases.acquire("k", wait_s=wait_s)
    return refusal.value


async def test_a_crowd_in_one_process_is_refused_at_once(world: LeaseWorld) -> None:
    """Beyond the bound nobody waits, and who waits already keeps the place."""
    leases = world.open(max_local_waiters=2)
    async with asyncio.TaskGroup() as group, hold(leases, "k", wait_s=PATIENT_S):
        waiting = [group.create_task(_take_and_give(leases)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(LeaseBusyError) as refusal:
            await leases.acquire("k", wait_s=PATIENT_S)

    assert refusal.value.position == 3
    assert refusal.value.waited_s < 1
    assert [task.result().lost for task in waiting] == [True, True]


async def _take_and_give(leases: Leases) -> Lease:
    async with hold(leases, "k", wait_s=PATIENT_S) as lease:
        return lease


async def test_cancelled_waits_leave_nothing_behind(world: LeaseWorld) -> None:
    """Tasks are cancelled at every point of their wait; the key stays usable, in order."""
    one, two = world.open("one"), world.open("two")
    chance = Random(3)

    async def give_up_soon(leases: Leases) -> None:
        try:
            async with asyncio.timeout(chance.random() * 0.01), hold(leases, "k", wait_s=PATIENT_S):
                await asyncio.sleep(0.001)
        except TimeoutError:
            pass

    async with asyncio.TaskGroup() as group:
        for number in range(200):
            group.create_task(give_up_soon((one, two)[number % 2]))

    for leases in (one, two):
        async with asyncio.timeout(2), hold(leases, "k", wait_s=PATIENT_S) as lease:
            assert not lease.lost


async def test_the_holder_is_told_that_it_is_wanted(world: LeaseWorld) -> None:
    """It learns of another process at once; a task of its own process does not count."""
    one, two = world.open("one", ttl_s=60), world.open("two", ttl_s=60)
    lease = await one.acquire("k", wait_s=PATIENT_S)
    async with asyncio.TaskGroup() as group:
        local = group.create_task(_take_and_give(one))
        await asyncio.sleep(0)
        before = lease.wanted
        group.create_task(_take_and_give(two))
        async with asyncio.timeout(5):
            await lease.until_wanted_or_lost()
        after = (lease.wanted, lease.lost, local.done())
        await one.release(lease)

    assert before is False
    assert after == (True, False, False)


async def test_closing_hands_over_what_is_held(world: LeaseWorld) -> None:
    """A process that ends in order makes nobody wait for a time to live, and serves no more."""
    one, two = world.open("one", ttl_s=60), world.open("two", ttl_s=60)
    held = await one.acquire("k", wait_s=PATIENT_S)
    local = asyncio.create_task(one.acquire("k", wait_s=PATIENT_S))
    await asyncio.sleep(0)

    await one.close()

    async with asyncio.timeout(5), hold(two, "k", wait_s=PATIENT_S):
        assert held.lost
    for late in (local, one.acquire("k", wait_s=0)):
        with pytest.raises(LeaseUnavailableError, match="closed"):
            await late


async def test_every_step_is_told_for_metrics(world: LeaseWorld) -> None:
    """Acquired, busy and released are told with their spans."""
    events: list[LeaseEvent] = []
    one, two = world.open("one", observe=events.append), world.open("two", observe=events.append)

    async with hold(one, "k", wait_s=PATIENT_S):
        await _refused(two, wait_s=0.05)

    assert [event.kind for event in events] == [
        LeaseEventKind.ACQUIRED,
        LeaseEventKind.BUSY,
        LeaseEventKind.RELEASED,
    ]
    assert events[1].waited_s >= 0.05
    assert events[2].held_s >= 0.05


async def test_a_lease_outlives_its_time_to_live_while_it_is_held(world: LeaseWorld) -> None:
    """Renewal keeps it for as long as the work takes."""
    one, two = world.open("one", ttl_s=0.3), world.open("two", ttl_s=0.3)
    async with hold(one, "k", wait_s=PATIENT_S) as lease:
        await _refused(two, wait_s=1.0)
        kept = not lease.lost

    assert kept


async def test_a_lease_that_nobody_refers_to_is_given_back(world: LeaseWorld) -> None:
    """Work that ended without a release does not keep the key for ever."""
    one, two = world.open("one", ttl_s=0.5), world.open("two", ttl_s=0.5)
    await one.acquire("k", wait_s=PATIENT_S)

    async with asyncio.timeout(5):
        elsewhere = await _take_and_give(two)
        here = await _take_and_give(one)

    assert elsewhere.token < here.token
