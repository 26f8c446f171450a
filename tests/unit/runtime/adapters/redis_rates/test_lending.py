"""Room is lent as long as there is plenty, counts until it is told of, and comes back on a call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runtime.domain.shared_rates import RateCharge, RateClaim, RateGrant, RateWindow
from runtime.kit.clock import SystemClock
from runtime.ports.shared_rates import LENT_S, SharedRates
from tests.unit.runtime.adapters.redis_rates.world import (
    ORGANIZATION,
    RatesWorld,
    a_claim,
    a_window,
    reserved,
    settled,
    used,
    uses,
)

NOW = SystemClock().now


def a_loan(most: int, window: RateWindow, *, share: int = 4) -> RateClaim:
    """Build a claim that asks for a loan."""
    return replace(a_claim(most, windows=[window]), share=share)


def so_far(loan: RateClaim, done: int, *, left: int) -> RateCharge:
    """Build what is told of a loan of which some is under way."""
    return replace(settled(loan, done), left=left)


async def lent(rates: SharedRates, loan: RateClaim) -> int:
    """Return how much is lent."""
    (grant,) = await reserved(rates, loan)
    assert grant.refusal is None
    return grant.steps


@pytest.mark.parametrize(
    ("asked", "used_before", "expected"),
    [
        pytest.param(5, 0, 5, id="as much as was asked for"),
        pytest.param(50, 0, 25, id="no more than a part"),
        pytest.param(50, 60, 10, id="of what is left"),
        pytest.param(50, 97, 0, id="nothing of little"),
        pytest.param(50, 100, 0, id="nothing of nothing"),
    ],
)
async def test_a_part_of_what_is_left_is_lent(
    world: RatesWorld, asked: int, used_before: int, expected: int
) -> None:
    """And counts as used."""
    window = a_window(100)
    rates = await world.aware()
    await reserved(rates, a_claim(used_before, windows=[window]))

    assert await lent(rates, a_loan(asked, window)) == expected

    assert await used(rates, window) == [used_before + expected]


async def test_a_window_that_is_overfull_lends_nothing(world: RatesWorld) -> None:
    """Urgent steps may have passed what it allows."""
    window = a_window(2)
    rates = await world.aware()
    await reserved(rates, a_claim("u9", windows=[window]))

    assert await lent(rates, a_loan(5, window)) == 0


async def test_what_is_asked_for_comes_before_what_is_lent(world: RatesWorld) -> None:
    """A loan of the same question gets a part of what is left behind it."""
    window = a_window(8)
    rates = await world.aware()

    grants = await reserved(rates, a_claim(4, windows=[window]), a_loan(9, window))

    assert grants == [RateGrant(steps=4), RateGrant(steps=1)]


async def test_nothing_is_lent_where_somebody_is_refused(world: RatesWorld) -> None:
    """Of the same question; it would have to be called in at once."""
    window, other = a_window(8), a_window(8, subject="org_9")
    rates = await world.aware()

    refused, here, elsewhere = await reserved(
        rates, a_claim(9, windows=[window]), a_loan(2, window), a_loan(2, other)
    )

    assert refused.refusal is not None
    assert (here.steps, elsewhere.steps) == (0, 2)


async def test_a_loan_that_is_asked_for_twice_is_one(world: RatesWorld) -> None:
    """An answer that got lost makes nobody hold it twice, nor more of it."""
    window = a_window(100)
    rates = await world.aware()
    loan = a_loan(50, window)

    assert [await lent(rates, loan) for _ in range(3)] == [25, 25, 25]

    assert await used(rates, window) == [25]


async def test_what_is_under_way_stays_reserved(world: RatesWorld) -> None:
    """What is free comes back at once; the rest once it is told of."""
    window = a_window(100)
    rates = await world.aware()
    loan = a_loan(20, window)
    await lent(rates, loan)

    await rates.settle(ORGANIZATION, [so_far(loan, 5, left=4)])
    between = await used(rates, window)
    await rates.settle(ORGANIZATION, [settled(loan, 7)])

    assert between == [9]
    assert await used(rates, window) == [7]


async def test_what_is_under_way_counts_for_as_long_as_it_may_run(world: RatesWorld) -> None:
    """What is done of it later is not counted as if it were done now."""
    window = a_window(100)
    rates = await world.aware(longest_run_s=30)
    loan = a_loan(20, window)
    await lent(rates, loan)

    await rates.settle(ORGANIZATION, [so_far(loan, 0, left=4)])

    (use,) = await uses(rates, window)
    assert use.used == 4
    assert use.free_at is not None
    assert use.free_at - NOW() > timedelta(seconds=88)


@pytest.mark.parametrize(
    "order",
    [
        pytest.param([0, 0, 1, 1, 2, 2], id="each twice"),
        pytest.param([0, 1, 0, 2, 1, 0], id="late ones again"),
        pytest.param([1, 0, 2], id="in another order"),
        pytest.param([2, 0, 1], id="the last first"),
        pytest.param([2], id="the last only"),
    ],
)
async def test_what_is_told_of_a_loan_counts_once(world: RatesWorld, order: list[int]) -> None:
    """What is told includes what was told before, so it may be told again and in any order."""
    window = a_window(100)
    rates = await world.aware()
    loan = a_loan(20, window)
    await lent(rates, loan)
    told = [so_far(loan, 3, left=6), so_far(loan, 5, left=3), settled(loan, 8)]

    for number in order:
        await rates.settle(ORGANIZATION, [told[number]])

    assert await used(rates, window) == [8]


async def test_what_is_told_of_a_forgotten_loan_counts_once(world: RatesWorld) -> None:
    """A server that was emptied holds nothing back, and counts what was done."""
    window = a_window(100)
    rates = await world.aware()
    loan = a_loan(20, window)

    for charge in (so_far(loan, 3, left=6), so_far(loan, 3, left=6), settled(loan, 8)):
        await rates.settle(ORGANIZATION, [charge])

    assert await used(rates, window) == [8]


async def test_who_is_refused_learns_what_may_come_back(world: RatesWorld) -> None:
    """Until it was told of; then what counts is really used."""
    window = a_window(100)
    rates = await world.aware()
    loan = a_loan(25, window)
    await lent(rates, loan)
    claim = a_claim(76, windows=[window])

    (before,) = await reserved(rates, claim)
    await rates.settle(ORGANIZATION, [so_far(loan, 20, left=5)])
    (after,) = await reserved(rates, claim)

    assert before.refusal is not None
    assert before.refusal.returns_in_s is not None
    assert LENT_S < before.refusal.returns_in_s <= 2 * LENT_S
    assert after.refusal is not None
    assert (after.refusal.used, after.refusal.returns_in_s) == (25, None)


async def test_nothing_is_lent_while_somebody_waits_for_it(world: RatesWorld) -> None:
    """So that who was refused, and asks once more, is told what is used; others may go on."""
    window = a_window(100)
    rates, elsewhere = await world.aware(), world.open()
    await lent(rates, a_loan(25, window))

    await rates.foresee(ORGANIZATION, [a_claim(76, windows=[window])])

    assert await lent(elsewhere, a_loan(5, window)) == 0
    (grant,) = await reserved(elsewhere, a_claim(5, windows=[window]))
    assert grant.refusal is None


async def test_a_call_ends(world: RatesWorld) -> None:
    """Once what was lent has come back, there is room to lend again."""
    window = a_window(100)
    rates = await world.aware()
    loan = a_loan(25, window)
    await lent(rates, loan)
    await reserved(rates, a_claim(76, windows=[window]))
    await rates.settle(ORGANIZATION, [settled(loan, 0)])
    key = f"plangate:rates:{{{ORGANIZATION}}}:window:{window.key}"

    called = await world.command("HGET", key, "called")
    await world.command("HSET", key, "called", "1")

    assert isinstance(called, bytes)
    left_s = int(called) / 1000 - NOW().timestamp()
    assert 3 * LENT_S < left_s <= 4 * LENT_S
    assert await lent(rates, a_loan(5, window)) == 5


async def test_a_refusal_calls_nothing_in_where_nothing_is_lent(world: RatesWorld) -> None:
    """A window that is full of what was done lends again as soon as it has room."""
    window = a_window(100)
    rates = await world.aware()
    claim = a_claim(99, windows=[window])
    await reserved(rates, claim, a_claim(2, windows=[window]))

    await rates.settle(ORGANIZATION, [settled(claim, 0)])

    assert await lent(rates, a_loan(5, window)) == 5


async def test_a_loan_of_a_dead_process_counts_and_is_not_waited_for(world: RatesWorld) -> None:
    """It may have been used: so it counts for as long as that would."""
    window = a_window(100)
    rates = await world.aware(longest_run_s=30)
    loan = a_loan(25, window)
    await lent(rates, loan)
    key = f"plangate:rates:{{{ORGANIZATION}}}:window:{window.key}"
    (name,) = [field for field in await _fields(world, key) if field.startswith(b"lent:")]

    await world.command("HSET", key, name.decode(), str(int(NOW().timestamp() * 1000) - 1))
    (grant,) = await reserved(rates, a_claim(76, windows=[window]))
    (fits,) = await reserved(rates, a_claim(75, windows=[window]))

    assert grant.refusal is not None
    assert (grant.refusal.used, grant.refusal.returns_in_s) == (25, None)
    assert grant.refusal.free_at is not None
    assert grant.refusal.free_at - NOW() > timedelta(seconds=88)
    assert fits.refusal is None
    assert name not in await _fields(world, key)


async def _fields(world: RatesWorld, key: str) -> list[bytes]:
    found = await world.command("HKEYS", key)
    assert isinstance(found, list)
    return found
