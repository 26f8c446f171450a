"""Laws of a budget over random schedules: never above a cap, and everybody gets an answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.budget import NOTHING, Budget, BudgetExhausted, Spend


@dataclass(frozen=True)
class Plan:
    """What one call does: when it comes, its worst case, what it uses, how it ends."""

    comes: int
    worst: Spend
    share: float
    takes: int
    cancelled_after: int | None

    @property
    def actual(self) -> Spend:
        """Return what it uses, at most its worst case."""
        return Spend(
            tokens=int(self.worst.tokens * self.share),
            cost_micros=int(self.worst.cost_micros * self.share),
        )


SPENDS = st.builds(Spend, tokens=st.integers(0, 40), cost_micros=st.integers(0, 40))
PLANS = st.builds(
    Plan,
    comes=st.integers(0, 6),
    worst=SPENDS,
    share=st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0]),
    takes=st.integers(0, 6),
    cancelled_after=st.none() | st.integers(0, 10),
)
CAPS = st.none() | st.integers(0, 120)


@dataclass
class Schedule:
    """Play plans against a budget and look at it at every step."""

    budget: Budget
    in_flight: Spend = NOTHING
    used: Spend = NOTHING

    async def call(self, plan: Plan) -> str:
        """Do what one call does; a cancelled one counts in full once it was made."""
        await yields(plan.comes)
        try:
            held = await self.budget.reserve(plan.worst)
        except BudgetExhausted:
            self.check()
            return "refused"
        actual = plan.worst
        self.in_flight = self.in_flight.plus(plan.worst)
        try:
            self.check()
            await yields(plan.takes)
            actual = plan.actual
        finally:
            self.in_flight = self.in_flight.plus(plan.worst.negated())
            self.used = self.used.plus(actual)
            self.budget.settle(held, actual)
            self.check()
        return "answered"

    async def watched(self, plan: Plan) -> str:
        """Cancel a call where its plan says so."""
        task = asyncio.create_task(self.call(plan))
        if plan.cancelled_after is not None:
            await yields(plan.cancelled_after)
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            return "cancelled"

    def check(self) -> None:
        """Hold the caps against all that was used and all that may yet be."""
        for cap, used, may_use in (
            (self.budget.max_cost_micros, self.used.cost_micros, self.in_flight.cost_micros),
            (self.budget.max_tokens, self.used.tokens, self.in_flight.tokens),
        ):
            assert cap is None or used + may_use <= cap


async def yields(count: int) -> None:
    """Let the others go first, some times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def played(schedule: Schedule, plans: list[Plan]) -> list[str]:
    """Play all plans at once."""
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        tasks = [group.create_task(schedule.watched(plan)) for plan in plans]
    return [task.result() for task in tasks]


@settings(max_examples=1_000)
@given(plans=st.lists(PLANS, max_size=12), max_cost_micros=CAPS, max_tokens=CAPS)
def test_no_schedule_passes_a_cap_and_every_call_ends(
    plans: list[Plan], max_cost_micros: int | None, max_tokens: int | None
) -> None:
    """Whatever calls cost, fail, take and are cancelled: spend stays below, and nobody waits on."""
    schedule = Schedule(Budget(max_cost_micros=max_cost_micros, max_tokens=max_tokens))

    ends = asyncio.run(played(schedule, plans))

    assert len(ends) == len(plans)
    assert schedule.budget.spent == schedule.used
    assert schedule.budget.reserved == NOTHING
    schedule.check()


@settings(max_examples=200)
@given(plans=st.lists(PLANS, max_size=12))
def test_a_budget_that_is_large_enough_refuses_nobody(plans: list[Plan]) -> None:
    """Caution costs no call that the cap allows in any case."""
    total = sum(plan.worst.cost_micros for plan in plans)

    ends = asyncio.run(played(Schedule(Budget(max_cost_micros=total)), plans))

    assert "refused" not in ends
