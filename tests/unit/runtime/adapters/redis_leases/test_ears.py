"""What Redis says reaches the one it is about."""

from __future__ import annotations

import asyncio

from runtime.adapters.redis_leases.ears import Ears
from runtime.adapters.redis_leases.grantor import Baton
from runtime.adapters.redis_leases.tenure import Tenure
from tests.unit.runtime.adapters.redis_leases.doubles import (
    ScriptedGrantor,
    a_grant,
    surroundings,
)

BATON = Baton(granted=a_grant(3), ticket="17")


def a_tenure(owner: str = "one#1") -> Tenure:
    """Return a tenure that lasts."""
    return Tenure("k", owner, a_grant(), valid_until_s=5.4, around=surroundings(ScriptedGrantor()))


async def test_a_turn_wakes_who_waits_under_that_name() -> None:
    """A baton stays until it is used; a second message without one does not take it away."""
    ears = Ears(recheck=lambda tenure: None)
    with ears.waiting("one#1") as waiter, ears.waiting("one#2") as other:
        ears.turn_came("one#1", BATON)
        ears.turn_came("one#1", None)
        ears.turn_came("stranger#1", BATON)
        async with asyncio.timeout(5):
            await waiter.sleep(60)

        assert waiter.baton == BATON
        assert other.baton is None
        assert not other.woken.is_set()


async def test_sleep_ends_by_itself() -> None:
    """Nobody has to wake a waiter."""
    with Ears(recheck=lambda tenure: None).waiting("one#1") as waiter:
        await waiter.sleep(0.01)

        assert not waiter.woken.is_set()


async def test_a_wish_reaches_the_tenure_or_who_will_have_it() -> None:
    """A wish may arrive before the answer that begins the tenure is read."""
    ears = Ears(recheck=lambda tenure: None)
    held = a_tenure()
    ears.tenures[held.owner] = held
    with ears.waiting("one#2") as waiter:
        for owner in ("one#1", "one#2", "stranger#1"):
            ears.wish_came(owner)

        assert (held.wanted, waiter.wanted) == (True, True)


async def test_a_changed_line_makes_everybody_look_again() -> None:
    """Who waits is woken, what is held is checked."""
    checked: list[Tenure] = []
    ears = Ears(recheck=checked.append)
    held = a_tenure()
    ears.tenures[held.owner] = held
    with ears.waiting("one#2") as waiter:
        ears.line_changed()

        assert waiter.woken.is_set()
    assert checked == [held]


async def test_a_name_is_forgotten_with_its_holder() -> None:
    """Neither a tenure that nobody refers to nor a wait that is over is kept."""
    ears = Ears(recheck=lambda tenure: None)
    held = a_tenure()
    ears.tenures[held.owner] = held
    del held
    with ears.waiting("one#2") as waiter:
        pass

    ears.turn_came("one#2", BATON)

    assert waiter.baton is None
    assert len(ears.tenures) == 0
