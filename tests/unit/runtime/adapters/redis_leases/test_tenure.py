"""A tenure tells its holder the truth about itself, without asking anybody."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from runtime.adapters.redis_leases.tenure import Tenure
from runtime.domain.errors import LeaseLostError, LeaseUnavailableError
from runtime.kit.clock import FixedClock
from tests.unit.runtime.adapters.redis_leases.doubles import (
    DOWN,
    TIMING,
    ScriptedGrantor,
    a_clock,
    a_grant,
    surroundings,
)


class World:
    """Hold a tenure of 5.4 s, the clock that it looks at and whom it asks."""

    def __init__(self, *, wanted: bool = False) -> None:
        """Begin the tenure."""
        self.clock: FixedClock = a_clock()
        self.grantor = ScriptedGrantor()
        self.lost: list[Tenure] = []
        self.tenure = Tenure(
            "k",
            "one#1",
            a_grant(7, wanted=wanted),
            valid_until_s=TIMING.valid_s,
            around=surroundings(self.grantor, clock=self.clock, lost=self._lost),
        )

    def _lost(self, tenure: Tenure) -> None:
        tenure.end()
        self.lost.append(tenure)

    def after(self, seconds: float) -> bool:
        """Let time pass, and say whether the tenure is lost."""
        self.clock.advance(timedelta(seconds=seconds))
        return self.tenure.lost


def test_the_clock_alone_ends_a_tenure() -> None:
    """No renewal has to run first: a process that slept sees it at once."""
    world = World()

    assert [world.tenure.lost, world.after(5.3), world.after(0.1)] == [False, False, True]


def test_a_renewal_counts_from_when_it_was_sent() -> None:
    """An answer that took two seconds gives two seconds less."""
    world = World()
    world.after(3)

    world.tenure.renew(sent_s=1.0, wanted=False)

    assert [world.after(3.3), world.after(0.2)] == [False, True]


def test_a_renewal_that_comes_too_late_brings_nothing_back() -> None:
    """Lost stays lost: the holder may have acted on it already."""
    world = World()
    world.after(6)

    world.tenure.renew(sent_s=5.0, wanted=False)

    assert world.tenure.lost


def test_a_tenure_ends_once() -> None:
    """Ending tells whether it was not over before; ended is lost."""
    world = World()

    assert [world.tenure.end(), world.tenure.end()] == [True, False]
    assert (world.tenure.ended, world.tenure.lost) == (True, True)


@pytest.mark.parametrize("how", ["granted", "told", "renewed"])
async def test_a_wish_wakes_the_holder(how: str) -> None:
    """It may come with the grant, by a message, or with a renewal, and it stays."""
    world = World(wanted=how == "granted")
    waking = asyncio.create_task(world.tenure.until_wanted_or_lost())
    await asyncio.sleep(0)
    if how == "told":
        world.tenure.want()
    if how == "renewed":
        world.tenure.renew(sent_s=0.5, wanted=True)

    async with asyncio.timeout(5):
        await waking
    world.tenure.renew(sent_s=0.6, wanted=False)

    assert world.tenure.wanted


async def test_the_end_wakes_the_holder() -> None:
    """A noticed loss, as a release, ends the wait."""
    world = World()
    waking = asyncio.create_task(world.tenure.until_wanted_or_lost())
    await asyncio.sleep(0)

    world.tenure.end()

    async with asyncio.timeout(5):
        await waking
    assert not world.tenure.wanted


async def test_the_clock_wakes_the_holder() -> None:
    """Nobody has to notice the loss for the holder to be woken by it."""
    world = World()
    world.after(5.39)
    waking = asyncio.create_task(world.tenure.until_wanted_or_lost())
    await asyncio.sleep(0)

    world.after(0.01)

    async with asyncio.timeout(5):
        await waking


async def test_advance_takes_the_larger_token() -> None:
    """What Redis answers counts, and never lowers the token."""
    world = World()
    world.grantor.advancing.extend([12, 9])

    tokens = [await world.tenure.advance(floor=11), await world.tenure.advance(floor=1)]

    assert tokens == [12, 12]
    assert world.tenure.token == 12
    assert world.grantor.calls == [("advance", "one#1", "7", "11"), ("advance", "one#1", "12", "1")]


async def test_advance_of_a_tenure_that_redis_does_not_know_loses_it() -> None:
    """The loss is reported, so that others may go on."""
    world = World()
    world.grantor.advancing.append(None)

    with pytest.raises(LeaseLostError):
        await world.tenure.advance(floor=11)

    assert world.lost == [world.tenure]


async def test_advance_of_a_lost_tenure_asks_nobody() -> None:
    """A late process does not raise the token of its successor."""
    world = World()
    world.after(6)

    with pytest.raises(LeaseLostError):
        await world.tenure.advance(floor=11)

    assert world.grantor.calls == []


async def test_advance_whose_answer_comes_too_late_is_lost() -> None:
    """The time was over while Redis was asked."""
    world = World()
    world.grantor.advancing.append(12)
    world.grantor.slow = asyncio.Event()
    advancing = asyncio.create_task(world.tenure.advance(floor=11))
    await asyncio.sleep(0)

    world.after(6)
    world.grantor.slow.set()

    with pytest.raises(LeaseLostError):
        await advancing


async def test_advance_without_redis_is_unavailable_and_loses_nothing() -> None:
    """An outage says nothing about who holds the key."""
    world = World()
    world.grantor.advancing.append(DOWN)

    with pytest.raises(LeaseUnavailableError):
        await world.tenure.advance(floor=11)

    assert (world.tenure.lost, world.tenure.token) == (False, 7)
