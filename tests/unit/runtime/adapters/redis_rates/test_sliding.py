"""In no span of a window's length are more actions done than it allows, whoever does them."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Final

from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.kit.clock import SystemClock
from runtime.ports.shared_rates import SharedRates
from tests.unit.runtime.adapters.redis_rates.world import (
    ORGANIZATION,
    RatesWorld,
    ShortWindow,
    a_claim,
    reserved,
    settled,
    used,
)

MOST: Final = 7
SPAN_S: Final = 0.3
LASTS_S: Final = 2.0
WINDOW: Final = ShortWindow(
    scope=BudgetScope.ORGANIZATION,
    subject=ORGANIZATION,
    measure=LimitMeasure.PER_MINUTE,
    most=MOST,
)


async def _act(rates: SharedRates, random: Random, done: list[tuple[float, int]]) -> None:
    """Ask for room again and again; do all, a part or nothing of what was granted."""
    clock = SystemClock()
    ends_s = clock.monotonic_s() + LASTS_S
    while clock.monotonic_s() < ends_s:
        claim = a_claim(random.randint(1, 3), windows=[WINDOW])
        (grant,) = await reserved(rates, claim)
        if grant.steps:
            await asyncio.sleep(random.choice([0, 0, 0.004, 0.03]))  # the work; nothing is awaited
            steps = random.randint(0, grant.steps)
            done.append((clock.monotonic_s(), steps))
            await rates.settle(ORGANIZATION, [settled(claim, steps)])
        else:
            await asyncio.sleep(random.random() * 0.02)  # a caller's own pause


async def test_no_span_holds_more_than_the_limit(world: RatesWorld) -> None:
    """Six callers in three processes act for several spans, and use the window up."""
    processes = [await world.aware(longest_run_s=0.1) for _ in range(3)]
    done: list[tuple[float, int]] = []

    async with asyncio.TaskGroup() as group:
        for number in range(6):
            group.create_task(_act(processes[number % 3], Random(number), done))

    done.sort()
    sums = [
        sum(steps for at, steps in done if begins <= at < begins + SPAN_S) for begins, _ in done
    ]
    assert max(sums) <= MOST
    assert sum(steps for _, steps in done) >= 2 * MOST  # it slides: what was used is free again


async def test_a_window_that_has_passed_is_empty(world: RatesWorld) -> None:
    """What counts ends by the server's clock, and the next reservation tidies up behind it."""
    rates = await world.aware()
    claim = a_claim(MOST, windows=[WINDOW])
    await reserved(rates, claim)
    await rates.settle(ORGANIZATION, [settled(claim, MOST)])

    async with asyncio.timeout(10):
        while await used(rates, WINDOW) != [0]:  # noqa: ASYNC110  # a server's clock sets no event
            await asyncio.sleep(0.01)
    (grant,) = await reserved(rates, a_claim(MOST, windows=[WINDOW]))

    assert grant.steps == MOST
