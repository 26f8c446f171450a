"""Answers to old keys are forgotten, those of the last day are kept."""

from __future__ import annotations

from datetime import timedelta

from runtime.kit.clock import FixedClock
from runtime.services.expired_keys import KEPT, ExpiredKeys
from tests.execution import World, an_increment


async def test_old_keys_go_and_young_ones_stay(world: World) -> None:
    """After a day, not before; what they named stays."""
    await world.execute(an_increment(), key="old")
    clock = FixedClock(world.ids.now())
    expired = ExpiredKeys(world.database, clock)
    organization = world.caller.organization_id

    clock.advance(KEPT - timedelta(seconds=1))
    early = await expired.forget(organization)
    clock.advance(timedelta(seconds=2))
    late = await expired.forget(organization)

    assert (early, late) == (0, 1)
    assert await world.count("idempotency_keys") == 0
    assert await world.count("outcomes") == 1
