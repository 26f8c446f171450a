"""Prove that no schedule of calls on any machines passes a cap."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.budget import BudgetExhausted, Spend
from harness.remote import purse as module
from harness.remote.link import Link
from harness.remote.purse import Hold, Purse

CALLS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.floats(0, 1)), min_size=1, max_size=12
)


@settings(max_examples=40)
@given(calls=CALLS, cap_tokens=st.integers(0, 100), cap_cost=st.integers(0, 100))
def test_no_schedule_passes_a_cap(
    server: str, calls: list[tuple[int, int, float]], cap_tokens: int, cap_cost: int
) -> None:
    """However calls overlap, what was spent and set aside stays below both caps."""
    asyncio.run(_spent(server, calls, cap_tokens, cap_cost))


async def _spent(
    server: str, calls: list[tuple[int, int, float]], cap_tokens: int, cap_cost: int
) -> None:
    link = Link(server)
    await link.do("FLUSHALL")
    purse = Purse(link, "r")
    await purse.begin(max_tokens=cap_tokens, max_cost_micros=cap_cost, spent=Spend())

    async def call(tokens: int, cost: int, share: float) -> None:
        try:
            hold = await purse.reserve(Spend(tokens=tokens, cost_micros=cost), longest_s=60)
        except BudgetExhausted:
            return
        total = await purse.total()
        assert (total.tokens <= cap_tokens, total.cost_micros <= cap_cost) == (True, True)
        used = Spend(tokens=int(tokens * share), cost_micros=int(cost * share))
        await purse.settle(hold, used)

    async with asyncio.TaskGroup() as group:
        for item in calls:
            group.create_task(call(*item))
    total = await purse.total()
    assert (total.tokens <= cap_tokens, total.cost_micros <= cap_cost) == (True, True)
    await link.close()


async def begun(link: Link, **caps: int) -> Purse:
    """Open a purse with a cap of a hundred tokens."""
    purse = Purse(link, "r")
    await purse.begin(max_tokens=100, max_cost_micros=caps.get("cost"), spent=Spend(tokens=10))
    return purse


async def test_a_call_waits_while_another_one_may_turn_out_cheaper(link: Link) -> None:
    """It is let through when the other one settles for less."""
    purse = await begun(link)
    first = await purse.reserve(Spend(tokens=60), longest_s=60)
    second = asyncio.create_task(purse.reserve(Spend(tokens=60), longest_s=60))
    done, _ = await asyncio.wait({second}, timeout=2 * module.NAP_S)
    assert not done

    await purse.settle(first, Spend(tokens=20))

    assert isinstance(await second, Hold)
    assert await purse.total() == Spend(tokens=90)


async def test_what_a_dead_machine_set_aside_counts_in_full(link: Link) -> None:
    """Once its time is over; and only what it used, should it come back."""
    purse = await begun(link)
    dead = await purse.reserve(Spend(tokens=60), longest_s=-module.MARGIN_S)

    with pytest.raises(BudgetExhausted, match="the next call may use 31 tokens"):
        await purse.reserve(Spend(tokens=31), longest_s=60)
    await purse.settle(dead, Spend(tokens=5))
    await purse.settle(dead, Spend(tokens=5))

    assert await purse.total() == Spend(tokens=15)


async def test_a_call_that_is_still_to_come_keeps_what_it_set_aside(link: Link) -> None:
    """A long wait for its turn does not count as death."""
    purse = await begun(link)
    waiting = await purse.reserve(Spend(tokens=60), longest_s=-module.MARGIN_S)
    longer = Hold(number=waiting.number, worst=waiting.worst, hold_ms=60_000)

    await purse.extend(longer)

    second = asyncio.create_task(purse.reserve(Spend(tokens=31), longest_s=60))
    done, _ = await asyncio.wait({second}, timeout=2 * module.NAP_S)
    second.cancel()
    assert not done


async def test_a_call_beyond_its_worst_case_closes_the_purse(link: Link) -> None:
    """Bounds that do not hold promise nothing for the next call."""
    purse = await begun(link)
    hold = await purse.reserve(Spend(tokens=10), longest_s=60)
    await purse.settle(hold, Spend(tokens=11))

    with pytest.raises(BudgetExhausted, match="more than its worst case"):
        await purse.reserve(Spend(tokens=1), longest_s=60)


async def test_a_resumed_run_knows_the_higher_of_two_sums(link: Link) -> None:
    """What machines spent while nobody listened counts, and so does what the folder says."""
    purse = await begun(link)
    await purse.reserve(Spend(tokens=40), longest_s=60)

    await purse.begin(max_tokens=100, max_cost_micros=None, spent=Spend(tokens=5, cost_micros=9))

    assert await purse.total() == Spend(tokens=50, cost_micros=9)


async def test_nobody_spends_for_a_run_that_is_over(link: Link) -> None:
    """A purse that was never opened pays nothing."""
    with pytest.raises(BudgetExhausted, match="nobody keeps the budget"):
        await Purse(link, "gone").reserve(Spend(tokens=1), longest_s=60)
