"""Hold both kinds of leases to one contract while processes die or stall and Redis fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from runtime.domain.errors import LeaseBusyError, LeaseLostError, LeaseUnavailableError
from runtime.ports.leases import LeaseEvent, LeaseEventKind, Leases, hold
from tests.servers.lease_world import LeaseWorld, servers, until
from tests.servers.stoppable_redis import StoppableRedis

PATIENT_S = 20.0
SHORT_TTL_S = 0.5
LONG_TTL_S = 60.0


@pytest.fixture(scope="module")
def three() -> Iterator[tuple[StoppableRedis, ...]]:
    """Run three servers for the module."""
    with servers(3) as running:
        yield running


@pytest.fixture(params=[1, 3], ids=["one redis", "quorum of three"])
async def world(
    request: pytest.FixtureRequest, three: tuple[StoppableRedis, ...]
) -> AsyncIterator[LeaseWorld]:
    """Open a world on one of the servers or on all, whatever the last test did to them."""
    world = LeaseWorld(servers=three[: request.param])
    for server in world.servers:
        server.thaw()
        server.start()
    await world.on_all("CONFIG", "SET", "min-replicas-to-write", 0)
    await world.on_all("CONFIG", "SET", "maxmemory", 0)
    await world.on_all("FLUSHALL")
    yield world
    await world.close()


async def _serves(leases: Leases) -> None:
    """Return as soon as a lease can be had again."""
    async with asyncio.timeout(PATIENT_S):
        while True:
            try:
                await leases.ready()
                async with hold(leases, "probe", wait_s=1):
                    return
            except LeaseUnavailableError:
                await asyncio.sleep(0.02)


async def test_a_killed_holder_is_followed_when_its_time_is_over(world: LeaseWorld) -> None:
    """Nobody renews for the dead; who waits gets the key with a larger token."""
    leases = world.open(ttl_s=SHORT_TTL_S)
    async with world.other_process("k", ttl_s=SHORT_TTL_S) as other:
        await other.says()
        token = int((await other.says())[1])
        await other.kill()

        async with hold(leases, "k", wait_s=PATIENT_S) as lease:
            assert lease.token > token


async def test_a_stopped_holder_knows_that_it_lost_when_it_goes_on(world: LeaseWorld) -> None:
    """SIGSTOP for three times to live: another has a larger token, the sleeper says lost."""
    leases = world.open(ttl_s=SHORT_TTL_S)
    async with world.other_process("k", ttl_s=SHORT_TTL_S) as other:
        await other.says()
        token = int((await other.says())[1])
        other.tell()
        before = await other.says()
        other.stop()
        async with hold(leases, "k", wait_s=PATIENT_S) as lease:
            other.tell()
            await asyncio.sleep(3 * SHORT_TTL_S)
            other.go_on()
            after = await other.says()

            assert (before, after) == (["kept"], ["lost"])
            assert lease.token > token
            assert not lease.lost


async def test_a_killed_waiter_is_skipped_at_once(world: LeaseWorld) -> None:
    """The queue does not stop at a process that is gone."""
    one, two = world.open("one", ttl_s=LONG_TTL_S), world.open("two", ttl_s=LONG_TTL_S)
    lease = await one.acquire("k", wait_s=PATIENT_S)
    async with world.other_process("k", ttl_s=LONG_TTL_S) as other:
        await other.says()
        await world.queued("k", 1)
        await other.kill()
        waiting = asyncio.create_task(two.acquire("k", wait_s=PATIENT_S))
        await world.queued("k", 2)

        await one.release(lease)

        async with asyncio.timeout(5):
            await two.release(await waiting)


async def test_a_stopped_waiter_is_passed_over_after_a_short_time(world: LeaseWorld) -> None:
    """What was handed to a process that sleeps goes on to the next before a whole time to live."""
    one, two = world.open("one", ttl_s=3), world.open("two", ttl_s=3)
    lease = await one.acquire("k", wait_s=PATIENT_S)
    async with world.other_process("k", ttl_s=3) as other:
        await other.says()
        await world.queued("k", 1)
        other.stop()
        waiting = asyncio.create_task(two.acquire("k", wait_s=PATIENT_S))
        await world.queued("k", 2)

        await one.release(lease)

        async with asyncio.timeout(2.5):
            await two.release(await waiting)


async def test_a_flushed_redis_costs_the_holder_its_lease(world: LeaseWorld) -> None:
    """The holder learns of it at the next renewal, and the floor keeps the tokens growing."""
    events: list[LeaseEvent] = []
    leases = world.open(ttl_s=SHORT_TTL_S, observe=events.append)
    lease = await leases.acquire("k", wait_s=PATIENT_S, floor=500)

    await world.on_all("FLUSHALL")
    async with asyncio.timeout(5):
        await lease.until_wanted_or_lost()

    assert (lease.lost, lease.wanted) == (True, False)
    assert LeaseEventKind.LOST in [event.kind for event in events]
    with pytest.raises(LeaseLostError):
        await lease.advance(floor=0)
    await leases.release(lease)
    async with hold(leases, "k", wait_s=PATIENT_S, floor=lease.token) as next_lease:
        assert next_lease.token > lease.token


async def test_advance_finds_out_that_redis_forgot_the_tenure(world: LeaseWorld) -> None:
    """The holder need not wait for a renewal to learn that it lost."""
    leases = world.open(ttl_s=LONG_TTL_S)
    lease = await leases.acquire("k", wait_s=PATIENT_S)
    await world.on_all("FLUSHALL")

    with pytest.raises(LeaseLostError):
        await lease.advance(floor=10)

    assert lease.lost


async def test_a_task_that_lost_its_lease_does_not_block_the_others(world: LeaseWorld) -> None:
    """Tasks of the same process go on although the loser never releases."""
    leases = world.open(ttl_s=SHORT_TTL_S)
    stuck = await leases.acquire("k", wait_s=PATIENT_S)
    waiting = asyncio.create_task(leases.acquire("k", wait_s=PATIENT_S))
    await asyncio.sleep(0)

    await world.on_all("FLUSHALL")

    async with asyncio.timeout(5):
        await leases.release(await waiting)
    assert stuck.lost


async def test_without_redis_no_lease_is_given_and_nobody_hangs(world: LeaseWorld) -> None:
    """A stopped server is told at once, to all who wait; back on its port, it serves again."""
    leases = world.open(ttl_s=SHORT_TTL_S)
    held = await leases.acquire("k", wait_s=PATIENT_S)
    waiting = [asyncio.create_task(leases.acquire("k", wait_s=PATIENT_S)) for _ in range(3)]
    await asyncio.sleep(0)
    for server in world.servers:
        server.stop()

    async with asyncio.timeout(2.5):
        for refused in (leases.acquire("other", wait_s=0), leases.ready()):
            with pytest.raises(LeaseUnavailableError, match="redis"):
                await refused
    async with asyncio.timeout(5):
        await held.until_wanted_or_lost()
        await leases.release(held)
        for task in waiting:
            with pytest.raises(LeaseUnavailableError):
                await task
    assert held.lost
    for server in world.servers:
        server.start()
    await _serves(leases)
    async with hold(leases, "k", wait_s=PATIENT_S, floor=held.token) as lease:
        assert lease.token > held.token


async def test_a_redis_that_hangs_is_given_up_in_time(world: LeaseWorld) -> None:
    """Nobody waits longer than 2 s for a server that keeps its connections but says nothing."""
    leases = world.open(ttl_s=SHORT_TTL_S)
    async with hold(leases, "k", wait_s=PATIENT_S):
        for server in world.servers:
            server.freeze()
        async with asyncio.timeout(2.2):
            with pytest.raises(LeaseUnavailableError, match="no answer"):
                await leases.acquire("other", wait_s=0.1)
    for server in world.servers:
        server.thaw()

    await _serves(leases)


async def test_waiters_of_other_processes_survive_a_restart_of_redis(world: LeaseWorld) -> None:
    """Who waits is told that Redis is gone, and can wait again on the new one."""
    one, two = world.open("one", ttl_s=SHORT_TTL_S), world.open("two", ttl_s=SHORT_TTL_S)
    lease = await one.acquire("k", wait_s=PATIENT_S)
    waiting = asyncio.create_task(two.acquire("k", wait_s=PATIENT_S))
    await world.queued("k", 1)

    for server in world.servers:
        server.stop()

    async with asyncio.timeout(5):
        with pytest.raises(LeaseUnavailableError):
            await waiting
    for server in world.servers:
        server.start()
    await _serves(two)
    async with hold(two, "k", wait_s=PATIENT_S):
        await until(lambda: lease.lost)


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        pytest.param("min-replicas-to-write", 1, "NOREPLICAS", id="no replica"),
        pytest.param("maxmemory", 1, "OOM|memory", id="full"),
    ],
)
async def test_a_redis_that_takes_no_writes_is_unavailable(
    world: LeaseWorld, setting: str, value: int, reason: str
) -> None:
    """A read-only or full server gives no lease and says why; afterwards all is well."""
    leases = world.open()
    async with hold(leases, "k", wait_s=PATIENT_S):
        pass
    await world.on_all("CONFIG", "SET", setting, value)

    for refused in (leases.ready(), leases.acquire("k", wait_s=PATIENT_S)):
        with pytest.raises(LeaseUnavailableError, match=reason):
            await refused

    await world.on_all("CONFIG", "SET", setting, 0)
    await _serves(leases)


async def test_a_replica_gives_no_lease(world: LeaseWorld) -> None:
    """After a failover to a read-only copy the answer is unavailable, not a lease."""
    leases = world.open()
    await leases.ready()
    await world.on_all("REPLICAOF", "127.0.0.1", 1)

    for refused in (leases.ready(), leases.acquire("k", wait_s=PATIENT_S)):
        with pytest.raises(LeaseUnavailableError, match=r"READONLY|read only"):
            await refused

    await world.on_all("REPLICAOF", "NO", "ONE")
    await _serves(leases)


async def test_a_lost_wake_up_costs_a_short_time(world: LeaseWorld) -> None:
    """All connections are cut while one waits and the key comes free; the waiter finds out."""
    one, two = world.open("one", ttl_s=1.5), world.open("two", ttl_s=1.5)
    lease = await one.acquire("k", wait_s=PATIENT_S)
    waiting = asyncio.create_task(two.acquire("k", wait_s=PATIENT_S))
    await world.queued("k", 1)

    await world.on_all("CLIENT", "KILL", "TYPE", "pubsub")
    await one.release(lease)

    async with asyncio.timeout(5):
        await two.release(await waiting)


async def test_a_minority_may_be_down(three: tuple[StoppableRedis, ...]) -> None:
    """Two of three servers are enough, whichever they are, and tokens keep growing."""
    world = LeaseWorld(servers=three)
    one, two = world.open("one"), world.open("two")
    tokens = []
    for server in three:
        server.stop()
        for leases in (one, two):
            async with hold(leases, "k", wait_s=PATIENT_S) as lease:
                tokens.append(lease.token)
            await leases.ready()
        server.start()
        await _serves(one)
    await world.close()

    assert tokens == sorted(set(tokens))


async def test_a_majority_down_is_unavailable(three: tuple[StoppableRedis, ...]) -> None:
    """One of three servers is not enough to decide."""
    world = LeaseWorld(servers=three)
    leases = world.open()
    for server in three[:2]:
        server.stop()

    for refused in (leases.ready(), leases.acquire("k", wait_s=PATIENT_S)):
        with pytest.raises(LeaseUnavailableError, match="2 of 3"):
            await refused

    for server in three[:2]:
        server.start()
    await _serves(leases)
    await world.close()


async def test_a_refused_wait_still_names_the_holder_while_one_server_is_down(
    three: tuple[StoppableRedis, ...],
) -> None:
    """Busy stays busy with a minority down; it is not mistaken for an outage."""
    world = LeaseWorld(servers=three)
    one, two = world.open("one"), world.open("two")
    async with hold(one, "k", wait_s=PATIENT_S) as lease:
        three[2].stop()
        with pytest.raises(LeaseBusyError) as refusal:
            await two.acquire("k", wait_s=0.2)
    three[2].start()
    await world.close()

    assert refusal.value.holder == lease.owner
