"""In no span of a window are more actions done than it allows, though processes borrow and die."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Final

import pytest

from runtime.domain.errors import RatesUnavailableError
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.ports.shared_rates import LENT_S
from runtime.services.execution.rate_slices import Handed
from tests.borrowing import CLOCK, Process, Rated
from tests.unit.runtime.adapters.redis_rates.world import ORGANIZATION, ShortWindow, a_claim

SPAN_S: Final = 0.3


@pytest.mark.parametrize("seed", range(3))
async def test_no_span_holds_more_than_the_limit(rated: Rated, seed: int) -> None:
    """Three processes with many callers use a window of which room is lent; one of them dies."""
    window = ShortWindow(
        scope=BudgetScope.ORGANIZATION,
        subject=ORGANIZATION,
        measure=LimitMeasure.PER_MINUTE,
        most=400,
    )
    processes = [rated.process(longest_run_s=0.1 + LENT_S) for _ in range(3)]
    done: list[tuple[float, int]] = []
    lent = 0
    ends_s = CLOCK.monotonic_s() + 2.5

    async def caller(process: Process, random: Random) -> None:
        nonlocal lent
        while CLOCK.monotonic_s() < ends_s and not process.counting.dead:
            claim = a_claim(random.randint(1, 3), windows=[window])
            try:
                grant = await process.take(claim)
            except RatesUnavailableError:
                assert process is processes[0], "only who is dead is not answered"
                return
            lent += isinstance(grant, Handed)
            await asyncio.sleep(random.choice([0, 0, 0, 0.004, 0.03]))
            if grant.steps and not process.counting.dead:
                steps = random.randint(0, grant.steps)
                done.append((CLOCK.monotonic_s(), steps))
                process.settle(claim, grant, done=steps)
            elif grant.refusal is not None:
                await asyncio.sleep(random.random() * 0.02)

    async def death() -> None:
        await asyncio.sleep(1.0)
        processes[0].counting.dead = True

    async with asyncio.TaskGroup() as group:
        group.create_task(death())
        for number in range(12):
            random = Random(100 * seed + number)
            group.create_task(caller(processes[number % 3], random))

    done.sort()
    sums = [
        sum(steps for at, steps in done if begins <= at < begins + SPAN_S)
        for begins, _ in done[:: max(1, len(done) // 300)]
    ]
    assert max(sums) <= window.most
    assert lent > 50
    assert sum(steps for _, steps in done) >= 2 * window.most  # it slides, and is used
