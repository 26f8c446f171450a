"""One task of a process at a time has the turn; the others keep their order."""

from __future__ import annotations

import asyncio

import pytest

from runtime.adapters.redis_leases.turnstile import Turnstile
from runtime.domain.errors import LeaseUnavailableError


class World:
    """Hold a turnstile and what it discarded."""

    def __init__(self, *, most_waiting: int = 10) -> None:
        """Start with a free turnstile."""
        self.discarded: list[str] = []
        self.turnstile = Turnstile(most_waiting=most_waiting, discard=self.discarded.append)

    async def waiting(self, number: int) -> list[asyncio.Task[int]]:
        """Take the turn, and let so many wait for it."""
        assert await self.turnstile.turn(0) == 0
        tasks = [asyncio.create_task(self.turnstile.turn(30)) for _ in range(number)]
        await asyncio.sleep(0)
        return tasks


async def test_a_free_turn_is_taken_without_a_wait() -> None:
    """Who asks first has it, until it is freed."""
    turnstile = World().turnstile

    idle = [turnstile.idle]
    assert await turnstile.turn(0) == 0
    idle.append(turnstile.idle)
    turnstile.free()
    idle.append(turnstile.idle)

    assert idle == [True, False, True]


async def test_the_turn_goes_to_who_waited_longest_with_the_estate() -> None:
    """Nothing is discarded while somebody takes over."""
    world = World()
    first, second = await world.waiting(2)
    world.turnstile.estate.tenure = "one#1"

    world.turnstile.pass_on()

    assert await first == 0
    assert not second.done()
    assert world.turnstile.estate.tenure == "one#1"
    assert world.discarded == []
    world.turnstile.pass_on()
    assert await second == 0


async def test_the_last_turn_discards_what_is_left() -> None:
    """What stands in Redis under a name of this process is ended there."""
    world = World()
    await world.waiting(0)
    world.turnstile.estate.tenure = "one#1"
    world.turnstile.estate.waiting = "one#2"

    world.turnstile.pass_on()

    assert world.turnstile.idle
    assert world.discarded == ["one#1", "one#2"]
    assert world.turnstile.estate.clear() == ()


async def test_a_wait_in_vain_tells_its_place() -> None:
    """The places count on from that of the task that has the turn."""
    world = World()
    await world.turnstile.turn(0)
    world.turnstile.place = 4

    places = [asyncio.create_task(world.turnstile.turn(wait_s)) for wait_s in (0.05, 0.02)]

    assert [await place for place in places] == [5, 6]
    assert await world.turnstile.turn(0) == 5
    assert not world.turnstile.awaited


async def test_a_crowd_is_turned_away() -> None:
    """Beyond the bound nobody sits down."""
    world = World(most_waiting=2)
    tasks = await world.waiting(2)

    assert await world.turnstile.turn(30) == 3

    world.turnstile.fail_waiting("enough")
    for task in tasks:
        with pytest.raises(LeaseUnavailableError):
            await task


async def test_an_outage_is_told_to_all_who_wait() -> None:
    """Each gets the reason; the turn stays where it is."""
    world = World()
    tasks = await world.waiting(2)

    world.turnstile.fail_waiting("it is down")

    for task in tasks:
        with pytest.raises(LeaseUnavailableError, match="it is down"):
            await task
    assert not world.turnstile.idle
    assert not world.turnstile.awaited


async def test_a_cancelled_wait_is_forgotten() -> None:
    """The next in line moves up."""
    world = World()
    first, second = await world.waiting(2)

    first.cancel()
    await asyncio.wait((first,))
    world.turnstile.pass_on()

    assert await second == 0


async def test_a_turn_that_comes_with_a_cancellation_goes_on() -> None:
    """The task that can't use it gives it to the next, or discards what is left."""
    world = World()
    first, second = await world.waiting(2)
    world.turnstile.estate.tenure = "one#1"

    world.turnstile.pass_on()
    first.cancel()
    assert await second == 0
    last = asyncio.create_task(world.turnstile.turn(30))
    await asyncio.sleep(0)
    world.turnstile.pass_on()
    last.cancel()
    await asyncio.wait((first, last))

    assert first.cancelled()
    assert last.cancelled()
    assert world.turnstile.idle
    assert world.discarded == ["one#1"]


async def test_a_failure_that_comes_with_a_cancellation_passes_nothing_on() -> None:
    """The turn is not the cancelled task's to give."""
    world = World()
    (task,) = await world.waiting(1)

    world.turnstile.fail_waiting("it is down")
    task.cancel()
    await asyncio.wait((task,))

    assert task.cancelled()
    assert not world.turnstile.idle
