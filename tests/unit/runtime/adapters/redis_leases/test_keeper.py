"""The keeper renews what is held, and only that."""

from __future__ import annotations

import asyncio
import gc

from runtime.adapters.redis_leases.background import Background
from runtime.adapters.redis_leases.grantor import Renewed
from runtime.adapters.redis_leases.keeper import Keeper
from runtime.adapters.redis_leases.tenure import Tenure
from runtime.adapters.redis_leases.timing import Timing
from runtime.kit.clock import SystemClock
from tests.servers.lease_world import until
from tests.unit.runtime.adapters.redis_leases.doubles import (
    DOWN,
    ScriptedGrantor,
    a_grant,
    surroundings,
)

TIMING = Timing(ttl_s=0.3)


class World:
    """Hold a keeper at work in real time, and what it reported."""

    def __init__(self) -> None:
        """Start with nothing to keep."""
        self.grantor = ScriptedGrantor()
        self.lost: list[str] = []
        self.forgotten: list[tuple[str, str]] = []
        self.clock = SystemClock()
        self.around = surroundings(self.grantor, clock=self.clock, lost=self._lost, timing=TIMING)
        self.keeper = Keeper(
            self.around,
            background=Background(),
            forgotten=lambda key, owner: self.forgotten.append((key, owner)),
        )

    def _lost(self, tenure: Tenure) -> None:
        if tenure.end():
            self.lost.append(tenure.owner)

    def tenure(self, *, lasts_s: float = TIMING.valid_s) -> Tenure:
        """Begin a tenure that the keeper keeps."""
        until_s = self.clock.monotonic_s() + lasts_s
        tenure = Tenure("k", "one#1", a_grant(), valid_until_s=until_s, around=self.around)
        self.keeper.keep(tenure)
        return tenure

    @property
    def renewals(self) -> int:
        """Return how often the keeper asked."""
        return self.grantor.calls.count(("renew", "one#1"))


async def test_a_tenure_is_renewed_for_as_long_as_it_is_held() -> None:
    """Renewals follow each other, bring news, and stop with the end."""
    world = World()
    world.grantor.renewing.extend([Renewed(wanted=False), Renewed(wanted=True)] + [None] * 9)
    tenure = world.tenure()

    async with asyncio.timeout(5):
        await tenure.until_wanted_or_lost()
    kept = not tenure.lost
    tenure.end()
    world.keeper.renew_now(tenure)
    await asyncio.sleep(TIMING.ttl_s)

    assert kept
    assert world.renewals == 2
    assert world.lost == []


async def test_a_tenure_that_was_handed_over_is_renewed_sooner() -> None:
    """It is a short one, over before the usual renewal."""
    world = World()
    world.grantor.renewing.extend([Renewed(wanted=True)] * 9)

    tenure = world.tenure(lasts_s=TIMING.baton_valid_s)
    async with asyncio.timeout(5):
        await tenure.until_wanted_or_lost()

    assert not tenure.lost
    tenure.end()


async def test_a_refused_renewal_loses_the_tenure_at_once() -> None:
    """Redis does not know it any more: nobody asks again."""
    world = World()
    world.grantor.renewing.extend([None] * 9)

    tenure = world.tenure()
    await until(lambda: world.lost == ["one#1"])

    assert tenure.lost
    assert world.renewals == 1


async def test_an_outage_is_asked_through_until_the_time_is_over() -> None:
    """Tries come faster, and the loss is noticed without any answer."""
    world = World()
    world.grantor.renewing.extend([DOWN] * 50)

    tenure = world.tenure()
    await until(lambda: bool(world.lost))

    assert tenure.lost
    assert world.renewals >= 3


async def test_a_short_outage_costs_nothing() -> None:
    """One failed renewal is made good by the next."""
    world = World()
    world.grantor.renewing.extend([DOWN, Renewed(wanted=True)])

    tenure = world.tenure()
    async with asyncio.timeout(5):
        await tenure.until_wanted_or_lost()

    assert not tenure.lost
    tenure.end()


async def test_a_tenure_that_ends_during_its_renewal_is_not_kept_on() -> None:
    """The answer finds nobody, and no timer is set."""
    world = World()
    tenure = world.tenure()
    world.grantor.slow = asyncio.Event()
    world.grantor.renewing.extend([Renewed(wanted=False)] * 9)
    world.keeper.renew_now(tenure)
    await until(lambda: world.renewals == 1)

    tenure.end()
    world.grantor.slow.set()
    await asyncio.sleep(TIMING.ttl_s)

    assert world.renewals == 1


async def test_a_tenure_that_nobody_refers_to_is_reported() -> None:
    """The keeper alone does not keep it alive."""
    world = World()

    world.tenure()
    gc.collect()
    await until(lambda: bool(world.forgotten))

    assert world.forgotten == [("k", "one#1")]
    assert world.renewals == 0
