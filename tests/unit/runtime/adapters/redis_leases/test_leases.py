"""The local side hands on, gives up and tells, whatever the grantor does."""

from __future__ import annotations

import asyncio

import pytest

from runtime.adapters.redis_leases.grantor import Granted, Refused
from runtime.adapters.redis_leases.leases import MOST_LOCAL_WAITERS, RedisLeases, boot_id
from runtime.domain.errors import LeaseBusyError, LeaseUnavailableError
from runtime.kit.clock import SystemClock
from runtime.ports.leases import LeaseEvent, LeaseEventKind, hold
from tests.servers.lease_world import until
from tests.unit.runtime.adapters.redis_leases.doubles import (
    BUSY,
    DOWN,
    TIMING,
    ScriptedGrantor,
    a_grant,
)


class World:
    """Hold leases over a grantor that says what a test prepared."""

    def __init__(self, *answers: Granted | Refused | Exception) -> None:
        """Prepare what the grantor answers to those who enter."""
        self.grantor = ScriptedGrantor(*answers)
        self.events: list[LeaseEventKind] = []
        self.leases = RedisLeases(
            self.grantor,
            instance="one",
            timing=TIMING,
            clock=SystemClock(),
            observe=self._observe,
        )

    def _observe(self, event: LeaseEvent) -> None:
        self.events.append(event.kind)

    @property
    def calls(self) -> list[tuple[str, ...]]:
        """Return what the grantor was asked."""
        return self.grantor.calls


def test_a_boot_id_is_a_name_without_blanks_and_never_comes_again() -> None:
    """Host names may be reused; whatever they hold, the channel's name stays plain."""
    ids = {boot_id("host 7\r\n#é") for _ in range(100)}

    assert len(ids) == 100
    assert all(name.startswith("host-7----.") for name in ids)


async def test_a_local_hand_over_is_one_request() -> None:
    """The next task's request ends the tenure before; only the last one leaves."""
    world = World(a_grant(1), a_grant(2))
    lease = await world.leases.acquire("k", wait_s=30)
    waiting = asyncio.create_task(world.leases.acquire("k", wait_s=30))
    await asyncio.sleep(0)

    await world.leases.release(lease)
    await world.leases.release(await waiting)

    assert world.calls == [
        ("enter", "one#1", ""),
        ("enter", "one#2", "one#1"),
        ("leave", "one#2"),
    ]


async def test_a_task_that_gives_up_leaves_its_place_to_the_next() -> None:
    """The process keeps its place in Redis' queue: the next asks under the same name."""
    world = World(BUSY, BUSY, a_grant(1))
    first = asyncio.create_task(world.leases.acquire("k", wait_s=0.05))
    second = asyncio.create_task(world.leases.acquire("k", wait_s=30))

    with pytest.raises(LeaseBusyError):
        await first
    await world.leases.release(await second)

    assert world.calls == [("enter", "one#1", "")] * 3 + [("leave", "one#1")]


@pytest.mark.parametrize("how", ["too late", "cancelled"])
async def test_the_last_task_that_gives_up_leaves_the_queue(how: str) -> None:
    """Nothing of this process stays in Redis."""
    world = World(BUSY)
    waiting = asyncio.create_task(world.leases.acquire("k", wait_s=0.05))
    await until(lambda: bool(world.calls))
    if how == "cancelled":
        waiting.cancel()

    await asyncio.wait((waiting,))
    await until(lambda: world.calls[-1] == ("leave", "one#1"))

    assert world.events == ([] if how == "cancelled" else [LeaseEventKind.BUSY])
    assert world.leases.keys_in_use == 0


async def test_an_answer_that_nobody_waits_for_is_given_back() -> None:
    """A task is cancelled while the grant is on its way."""
    world = World(a_grant(1))
    world.grantor.slow = asyncio.Event()
    waiting = asyncio.create_task(world.leases.acquire("k", wait_s=30))
    await until(lambda: bool(world.calls))

    waiting.cancel()
    await asyncio.wait((waiting,))
    world.grantor.slow.set()

    await until(lambda: world.calls[-1] == ("leave", "one#1"))


async def test_an_outage_fails_all_who_wait_in_this_process() -> None:
    """Nobody asks again for the others, one timeout after the other."""
    world = World(DOWN)
    world.grantor.slow = asyncio.Event()
    waiting = [asyncio.create_task(world.leases.acquire("k", wait_s=30)) for _ in range(3)]
    await until(lambda: bool(world.calls))

    world.grantor.slow.set()
    await asyncio.wait(waiting)

    for task in waiting:
        with pytest.raises(LeaseUnavailableError, match="it is down"):
            task.result()
    assert [call for call in world.calls if call[0] == "enter"] == [("enter", "one#1", "")]
    assert world.events == [LeaseEventKind.UNAVAILABLE] * 3


async def test_a_release_without_redis_is_quiet() -> None:
    """The time to live ends what could not be released."""
    world = World(a_grant(1))
    lease = await world.leases.acquire("k", wait_s=30)
    world.grantor.leaving.append(DOWN)

    await world.leases.release(lease)

    assert lease.lost
    assert world.events == [LeaseEventKind.ACQUIRED, LeaseEventKind.RELEASED]


async def test_a_release_that_is_cancelled_still_happens() -> None:
    """The task ends at once, the release goes on without it."""
    world = World(a_grant(1))
    lease = await world.leases.acquire("k", wait_s=30)
    world.grantor.slow = asyncio.Event()
    releasing = asyncio.create_task(world.leases.release(lease))
    await until(lambda: world.calls[-1] == ("leave", "one#1"))

    releasing.cancel()
    await asyncio.wait((releasing,))

    assert releasing.cancelled()
    await until(lambda: world.calls[-2:] == [("leave", "one#1")] * 2)
    world.grantor.slow.set()
    await world.leases.close()


async def test_a_release_of_a_lost_lease_tells_the_loss_once() -> None:
    """Redis is told too, in case that its clock is slower."""
    world = World(a_grant(1))
    lease = await world.leases.acquire("k", wait_s=30)
    world.grantor.advancing.append(None)
    with pytest.raises(Exception, match="not held"):
        await lease.advance(floor=3)

    await world.leases.release(lease)
    await until(lambda: world.calls[-1] == ("leave", "one#1"))

    assert world.events == [LeaseEventKind.ACQUIRED, LeaseEventKind.LOST]


async def test_ready_is_the_grantors() -> None:
    """Its error reaches the caller."""
    world = World()
    await world.leases.ready()
    world.grantor.leaving.append(DOWN)

    with pytest.raises(LeaseUnavailableError, match="it is down"):
        await world.leases.ready()


async def test_a_closed_client_serves_nobody() -> None:
    """What is held is given back, and later calls are refused."""
    world = World(a_grant(1), a_grant(2))
    await world.leases.acquire("gone", wait_s=30)
    lease = await world.leases.acquire("k", wait_s=30)

    await world.leases.close()

    assert world.calls[-2:] == [("leave", lease.owner), ("close",)]
    with pytest.raises(LeaseUnavailableError, match="closed"):
        await world.leases.ready()


async def test_keys_do_not_wait_for_each_other_and_leave_no_trace() -> None:
    """A thousand keys are held at once; afterwards the process remembers none."""
    world = World(*(a_grant(number) for number in range(1000)))
    async with asyncio.TaskGroup() as group:
        for number in range(1000):
            group.create_task(_hold(world.leases, f"k{number}"))

    assert world.leases.keys_in_use == 0


async def test_a_storm_on_one_key_is_served_in_order_and_bounded() -> None:
    """A thousand wait, each is served in its turn; one more is refused at once."""
    world = World(*(a_grant(number) for number in range(MOST_LOCAL_WAITERS + 1)))
    served: list[int] = []

    async def take_a_turn(number: int) -> None:
        async with hold(world.leases, "k", wait_s=30):
            served.append(number)

    async with asyncio.TaskGroup() as group, hold(world.leases, "k", wait_s=30):
        for number in range(MOST_LOCAL_WAITERS):
            group.create_task(take_a_turn(number))
        await asyncio.sleep(0)
        with pytest.raises(LeaseBusyError) as refusal:
            await world.leases.acquire("k", wait_s=30)

    assert refusal.value.position == MOST_LOCAL_WAITERS + 1
    assert served == list(range(MOST_LOCAL_WAITERS))


async def _hold(leases: RedisLeases, key: str) -> None:
    async with hold(leases, key, wait_s=30):
        await asyncio.sleep(0)
