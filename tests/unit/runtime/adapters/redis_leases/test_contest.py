"""The task whose turn it is asks Redis no more than it has to, and believes no old news."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from runtime.adapters.redis_leases.contest import Asking, Contest
from runtime.adapters.redis_leases.ears import Waiter
from runtime.adapters.redis_leases.grantor import Baton, Granted, Refused, Wish
from runtime.adapters.redis_leases.tenure import Tenure
from runtime.adapters.redis_leases.turnstile import Turnstile
from runtime.domain.errors import LeaseBusyError
from tests.servers.lease_world import until
from tests.unit.runtime.adapters.redis_leases.doubles import (
    BUSY,
    ScriptedGrantor,
    a_clock,
    a_grant,
    surroundings,
)


class World:
    """Hold a contest under the name `one#2`, after the tenure `one#1`."""

    def __init__(self, *answers: Granted | Refused, wait_s: float = 30.0, floor: int = 0) -> None:
        """Prepare what Redis answers."""
        self.clock = a_clock()
        self.grantor = ScriptedGrantor(*answers)
        self.waiter = Waiter()
        self.turnstile = Turnstile(most_waiting=1, discard=lambda name: None)
        self.turnstile.estate.tenure = "one#1"
        self.turnstile.estate.waiting = "one#2"
        self.contest = Contest(
            self.turnstile,
            Asking(key="k", wait_s=wait_s, floor=floor, since_s=0.0),
            self.waiter,
            around=surroundings(self.grantor, clock=self.clock),
        )

    async def win(self) -> Tenure:
        """Return the tenure."""
        async with asyncio.timeout(5):
            return await self.contest.win()

    def hand_over_when_asked(self, baton: Baton, *, after_s: float = 0.0) -> None:
        """Let a baton come, and time pass, while the first answer is on its way."""

        def come(wish: Wish) -> None:
            self.clock.advance(timedelta(seconds=after_s))
            self.waiter.baton = baton
            self.waiter.woken.set()
            self.grantor.asked = lambda wish: None

        self.grantor.asked = come

    @property
    def requests(self) -> list[tuple[str, ...]]:
        """Return what Redis was asked."""
        return self.grantor.calls


async def test_a_grant_takes_over_the_estate() -> None:
    """The request ends the tenure before, and afterwards nothing is left to discard."""
    world = World(a_grant(5))

    tenure = await world.win()

    assert world.requests == [("enter", "one#2", "one#1")]
    assert (tenure.key, tenure.owner, tenure.token, tenure.wanted) == ("k", "one#2", 5, False)
    assert world.turnstile.estate.clear() == ()
    assert (world.turnstile.holder, world.turnstile.place) == ("one#2", 0)


async def test_the_time_counts_from_before_the_request() -> None:
    """Three seconds on the way are three seconds less."""
    world = World(a_grant())
    world.grantor.asked = lambda wish: world.clock.advance(timedelta(seconds=3))

    tenure = await world.win()

    assert tenure.left_s == pytest.approx(2.4)


async def test_an_answer_that_took_the_whole_time_is_asked_for_again() -> None:
    """A tenure that is over when it begins is not given to anybody."""
    world = World(a_grant(5), a_grant(6))
    world.grantor.pause = 0.001

    def be_slow_once(wish: Wish) -> None:
        world.clock.advance(timedelta(seconds=6))
        world.grantor.asked = lambda wish: None

    world.grantor.asked = be_slow_once

    assert (await world.win()).token == 6


async def test_a_wake_up_asks_again_at_once() -> None:
    """The pause of a minute is not waited for; the previous tenure is ended only once."""
    world = World(BUSY, a_grant(5))
    winning = asyncio.create_task(world.win())
    await until(lambda: len(world.requests) == 1)

    world.waiter.woken.set()

    assert (await winning).token == 5
    assert world.requests == [("enter", "one#2", "one#1"), ("enter", "one#2", "")]


async def test_a_baton_spares_the_second_request() -> None:
    """The tenure began in Redis already; it lasts a baton's time from the last request."""
    world = World(BUSY)
    world.hand_over_when_asked(Baton(granted=a_grant(9, wanted=True), ticket=BUSY.ticket))

    tenure = await world.win()

    assert len(world.requests) == 1
    assert (tenure.token, tenure.wanted) == (9, True)
    assert tenure.left_s == pytest.approx(1.8)


@pytest.mark.parametrize(
    ("baton", "floor", "after_s"),
    [
        pytest.param(Baton(granted=a_grant(9), ticket="16"), 0, 0.0, id="for an older request"),
        pytest.param(Baton(granted=a_grant(9), ticket="17"), 9, 0.0, id="token is not above floor"),
        pytest.param(Baton(granted=a_grant(9), ticket="17"), 0, 1.0, id="its time is nearly over"),
    ],
)
async def test_a_doubtful_baton_is_asked_about(baton: Baton, floor: int, after_s: float) -> None:
    """Redis has the last word."""
    world = World(BUSY, a_grant(20), floor=floor)
    world.hand_over_when_asked(baton, after_s=after_s)

    assert (await world.win()).token == 20
    assert len(world.requests) == 2


async def test_a_wish_that_came_before_the_answer_counts() -> None:
    """The tenure begins wanted."""
    world = World(a_grant())
    world.waiter.wanted = True

    assert (await world.win()).wanted


@pytest.mark.parametrize("wait_s", [0.0, 0.01], ids=["at once", "after a while"])
async def test_a_wait_in_vain_names_holder_and_place(wait_s: float) -> None:
    """The wait ends when its time is over, whatever the pause."""
    world = World(wait_s=wait_s)
    world.grantor.asked = lambda wish: world.clock.advance(timedelta(seconds=wait_s / 2))

    with pytest.raises(LeaseBusyError) as refusal:
        await world.win()

    assert (refusal.value.holder, refusal.value.position) == ("other#1", 1)
    assert refusal.value.waited_s == pytest.approx(wait_s)
    assert world.turnstile.estate.clear() == ("one#2",)
