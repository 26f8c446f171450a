"""No sequence of plans passes a limit, and a plan that would is refused before it does anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.domain.action import Permission
from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.outcome import PlanOutcome, StepStatus
from runtime.domain.plan import Plan
from runtime.domain.state import State
from runtime.domain.time_zone import zone_of
from runtime.domain.usage_book import UsageBook
from runtime.engine import pipeline
from runtime.engine.pipeline import Judgement
from tests.builders import NOW, a_plan, a_principal, a_registry, a_step, an_action, facts_for

COSTS: Final = {"box.put": 1, "box.add": 3, "box.free": 0, "box.stop": 2}
REGISTRY: Final = a_registry(
    *(
        an_action(id=f"{name}@1", cost=cost, permission=Permission(urgent=name == "box.stop"))
        for name, cost in COSTS.items()
    )
)
SMALL: Final = st.integers(0, 12)
BY_SCOPE: Final = st.dictionaries(st.sampled_from(BudgetScope), SMALL)
LIMITS: Final = st.builds(
    Limits,
    per_minute=st.none() | SMALL,
    per_hour=st.none() | SMALL,
    budgets=BY_SCOPE,
    quotas=BY_SCOPE,
    day_zone=st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"]),
)
CALM: Final = ("box.put", "box.add", "box.free")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Ask for a plan some seconds after the one before."""

    who: str
    actions: tuple[str, ...]
    later_s: int
    atomic: bool


def asking(names: tuple[str, ...]) -> st.SearchStrategy[list[Asked]]:
    """Draw a sequence of plans over these actions."""
    return st.lists(
        st.builds(
            Asked,
            who=st.sampled_from(["ann", "bob"]),
            actions=st.lists(st.sampled_from(names), min_size=1, max_size=5).map(tuple),
            later_s=st.sampled_from([0, 0, 1, 20, 59, 60, 61, 1800, 3600, 40_000]),
            atomic=st.booleans(),
        ),
        max_size=12,
    )


@dataclass(slots=True)
class Project:
    """Execute plans one after the other, and remember what ran when."""

    limits: Limits
    now: datetime = NOW
    book: UsageBook = field(default_factory=UsageBook)
    state: State = field(default_factory=lambda: State.of({"box": {"value": 0}}))
    ran: list[tuple[datetime, str, str]] = field(default_factory=list)

    def judged(self, asked: Asked) -> Judgement:
        """Judge a plan as things stand; what a simulation does."""
        plan: Plan = a_plan(a_step(name, value=1) for name in asked.actions)
        facts = facts_for(
            plan,
            REGISTRY,
            principal=a_principal(id=asked.who),
            state=self.state,
            limits=self.limits,
            usage=self.book.at(self.now, self.limits).usage(asked.who),
            book=self.book,
            now=self.now,
        )
        judged = pipeline.run(plan, facts, REGISTRY)
        return pipeline.all_or_nothing(judged, facts) if asked.atomic else judged

    def execute(self, asked: Asked) -> PlanOutcome:
        """Judge a plan and commit what came of it."""
        judged = self.judged(asked)
        tally = self.book.at(self.now, self.limits)
        tally.charge(judged.outcome.steps, principal_id=asked.who)
        self.book, self.state = UsageBook.read(tally.book().text()), judged.state
        self.ran += [
            (self.now, asked.who, step.action.partition("@")[0])
            for step in judged.outcome.steps
            if step.status is StepStatus.DONE
        ]
        return judged.outcome

    def most_in(self, span: timedelta) -> int:
        """Return how many actions ran in the fullest span."""
        instants = [at for at, _, _ in self.ran]
        return max(
            (sum(timedelta(0) <= at - first < span for at in instants) for first in instants),
            default=0,
        )

    def used(self, scope: BudgetScope, *, units: bool) -> int:
        """Return the most that one subject of a scope used in one day."""
        found: Counter[tuple[date, str]] = Counter()
        for at, who, action in self.ran:
            subject = {BudgetScope.PRINCIPAL: who, BudgetScope.ACTION: action}.get(scope, "")
            day = at.astimezone(zone_of(self.limits.day_zone)).date()
            found[day, subject] += COSTS[action] if units else 1
        return max(found.values(), default=0)


@settings(max_examples=150)
@given(limits=LIMITS, asked=asking(CALM))
def test_no_sequence_of_plans_passes_a_limit(limits: Limits, asked: list[Asked]) -> None:
    """Rates in any span, units and actions in any day, for each principal and action."""
    project = Project(limits)
    for one in asked:
        project.now += timedelta(seconds=one.later_s)
        project.execute(one)

    assert project.most_in(timedelta(minutes=1)) <= (limits.per_minute or 0) or (
        limits.per_minute is None
    )
    assert project.most_in(timedelta(hours=1)) <= (limits.per_hour or 0) or limits.per_hour is None
    for scope, most in limits.budgets.items():
        assert project.used(scope, units=True) <= most
    for scope, most in limits.quotas.items():
        assert project.used(scope, units=False) <= most


@settings(max_examples=150)
@given(limits=LIMITS, asked=asking(CALM))
def test_a_limit_refuses_a_plan_as_a_whole(limits: Limits, asked: list[Asked]) -> None:
    """All of its steps run, or none does; the refusal's figures say why."""
    project = Project(limits)
    for one in asked:
        project.now += timedelta(seconds=one.later_s)
        outcome = project.execute(one)
        statuses = [step.status for step in outcome.steps]
        if outcome.refusal is None:
            assert set(statuses) == {StepStatus.DONE}
            continue
        told = outcome.refusal.limit
        assert statuses == [StepStatus.REFUSED] + [StepStatus.NOT_REACHED] * (len(statuses) - 1)
        assert told is not None
        assert (told.used or 0) + (told.wanted or 0) > (told.limit or 0)
        assert (told.resets_at is None) is ((told.wanted or 0) > (told.limit or 0))
        assert told.resets_at is None or told.resets_at > project.now


@settings(max_examples=150)
@given(limits=LIMITS, asked=asking((*CALM, "box.stop")))
def test_a_simulation_says_what_an_execution_does(limits: Limits, asked: list[Asked]) -> None:
    """Every verdict, figure and instant, also of plans with urgent steps."""
    project = Project(limits)
    for one in asked:
        project.now += timedelta(seconds=one.later_s)

        simulated = project.judged(one).outcome

        assert project.execute(one) == simulated


@settings(max_examples=150)
@given(limits=LIMITS, asked=asking((*CALM, "box.stop")))
def test_a_limit_stops_no_urgent_step_and_no_other_is_excused(
    limits: Limits, asked: list[Asked]
) -> None:
    """Where a plan stops, a step that is not urgent was refused by the limit that it would pass."""
    project = Project(limits)
    for one in asked:
        project.now += timedelta(seconds=one.later_s)
        before = project.book.at(project.now, limits).usage(one.who)
        outcome = project.execute(one)
        stopped = outcome.refused_at
        if stopped is None or stopped.refusal is None:
            continue
        assert not stopped.action.startswith("box.stop")
        stretch = one.actions[stopped.index :]
        calm = stretch[: stretch.index("box.stop")] if "box.stop" in stretch else stretch
        done = [step for step in outcome.steps if step.status is not StepStatus.NOT_REACHED][:-1]
        told = stopped.refusal.limit
        assert told is not None
        if told.measure == "per_minute":
            assert (told.used, told.wanted) == (before.last_minute + len(done), len(calm))
