"""No interleaving of projects and processes overspends what they share, nor leaves any unspent.

Groups are judged on what was known at any time before, and committed alone or together, as the
database does it: a charge passes if what is used leaves it its room.
"""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.domain.action import Action, Permission
from runtime.domain.limits import BudgetScope
from runtime.domain.outcome import PlanOutcome, StepStatus
from runtime.domain.shared_limits import Budget, BudgetMeasure, BudgetSpan, SharedLimits
from runtime.domain.shared_tally import SharedTally
from runtime.domain.shared_use import Counter, Payer, Periods, SharedUse, charges_of
from runtime.engine import pipeline
from runtime.store.limit_counters import NewCharges, added_up
from tests.builders import NOW, a_plan, a_principal, a_registry, a_step, an_action, facts_for
from tests.shared_limits import shared_limits

ACTIONS: Final = {
    action.name: action
    for action in (
        an_action(cost=1, tokens=2),
        an_action(id="box.add@1", cost=3, money_micros=5),
        an_action(id="box.free@1", cost=0),
        an_action(id="box.stop@1", cost=2, tokens=1, permission=Permission(urgent=True)),
    )
}
REGISTRY: Final = a_registry(*ACTIONS.values())
CALM: Final = ("box.put", "box.add", "box.free")
PERIODS: Final = Periods.at(NOW, "UTC")
NAMED: Final = {
    BudgetScope.PROJECT: "p0",
    BudgetScope.PRINCIPAL: "ann",
    BudgetScope.ACTION: "box.put",
}
BUDGETS: Final = st.builds(
    Budget,
    scope=st.sampled_from(BudgetScope),
    measure=st.sampled_from(BudgetMeasure),
    per=st.sampled_from(BudgetSpan),
    most=st.integers(0, 14),
)


def kind(budget: Budget) -> tuple[str | None, ...]:
    """Name what there may be only one budget of."""
    return (budget.scope, budget.subject, budget.measure, budget.per)


def with_named(budgets: list[Budget]) -> SharedLimits:
    """Give every other budget, where its scope has subjects, to one of them alone."""
    given_: list[Budget] = []
    for number, budget in enumerate(budgets):
        subject = NAMED.get(budget.scope) if number % 2 else None
        given_.append(budget.model_copy(update={"subject": subject}))
    return shared_limits(*{kind(budget): budget for budget in given_}.values())


LIMITS: Final = st.lists(BUDGETS, min_size=1, max_size=6).map(with_named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Ask for a plan."""

    who: str
    actions: tuple[str, ...]
    atomic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Ask for plans of one project, judged on what was known some commits ago.

    Attributes:
        together: it is committed with the group before.
    """

    project: str
    asked: tuple[Asked, ...]
    behind: int
    together: bool


def groups(names: Sequence[str]) -> st.SearchStrategy[list[Group]]:
    """Draw groups of plans over these actions."""
    asked = st.builds(
        Asked,
        who=st.sampled_from(["ann", "bob"]),
        actions=st.lists(st.sampled_from(names), min_size=1, max_size=4).map(tuple),
        atomic=st.booleans(),
    )
    return st.lists(
        st.builds(
            Group,
            project=st.sampled_from(["p0", "p1", "p2"]),
            asked=st.lists(asked, min_size=1, max_size=4).map(tuple),
            behind=st.integers(0, 4),
            together=st.booleans(),
        ),
        max_size=10,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Hold what came of a group, and what it is charged."""

    group: Group
    outcomes: tuple[PlanOutcome, ...]
    charges: NewCharges


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """Remember an action that was done, and for whom."""

    payer: Payer
    action: Action


@dataclass(slots=True)
class Organization:
    """Keep counters as the database does: the newest last, and all that there were."""

    limits: SharedLimits
    counters: list[dict[Counter, int]] = field(default_factory=lambda: [{}])
    ran: list[Ran] = field(default_factory=list)

    def judged(self, group: Group, *, behind: int) -> Judged:
        """Judge a group on what was used so many commits ago."""
        known = self.counters[max(0, len(self.counters) - 1 - behind)]
        tally = SharedTally(self.limits, SharedUse(known=known), periods=PERIODS)
        outcomes = []
        for number, asked in enumerate(group.asked):
            plan = a_plan(a_step(name, value=1) for name in asked.actions)
            facts = facts_for(
                plan,
                REGISTRY,
                project=group.project,
                principal=a_principal(id=asked.who),
                shared_limits=self.limits,
                shared_use=tally.use,
            )
            judged = pipeline.run(plan, facts, REGISTRY)
            outcome = pipeline.kept(judged, facts, atomic=asked.atomic).outcome
            payer = Payer(project=group.project, principal=asked.who)
            tally.charge(done_in(outcome), payer=payer, outcome_id=f"out_{number}")
            outcomes.append(outcome)
        return Judged(group=group, outcomes=tuple(outcomes), charges=spelled(tally))

    def commit(self, together: Sequence[Judged]) -> bool:
        """Write groups, if all of their charges have the room that they need; or nothing."""
        used = self.counters[-1]
        charges = added_up(judged.charges for judged in together)
        for charge in charges:
            if (
                charge["room"] is not None
                and used.get((charge["key"], charge["period"]), 0) > charge["room"]
            ):
                return False
        after = dict(used)
        for charge in charges:
            named = (charge["key"], charge["period"])
            after[named] = after.get(named, 0) + charge["amount"]
        self.counters.append(after)
        for judged in together:
            for asked, outcome in zip(judged.group.asked, judged.outcomes, strict=True):
                payer = Payer(project=judged.group.project, principal=asked.who)
                self.ran += [Ran(payer=payer, action=action) for action in done_in(outcome)]
        return True

    def settle(self, waiting: Iterable[Group]) -> list[Judged]:
        """Judge and commit groups as lines do: with those before, alone, or judged anew."""
        settled: list[Judged] = []
        together: list[Judged] = []
        for group in waiting:
            judged = self.judged(group, behind=group.behind)
            if together and not group.together:
                settled += self._write(together)
                together = []
            together.append(judged)
        return [*settled, *self._write(together)]

    def _write(self, together: list[Judged]) -> list[Judged]:
        if not together or self.commit(together):
            return together
        written = []
        for judged in together:
            final = judged
            if not self.commit([judged]):
                final = self.judged(judged.group, behind=0)
                assert self.commit([final]), "what is judged on what is used by now is written"
            written.append(final)
        return written


def done_in(outcome: PlanOutcome) -> list[Action]:
    """Return the actions that a plan did."""
    return [
        ACTIONS[step.action.partition("@")[0]]
        for step in outcome.steps
        if step.status is StepStatus.DONE
    ]


def spelled(tally: SharedTally) -> NewCharges:
    """Return charges as they are sent to storage."""
    return NewCharges(at=NOW, project_id="p", charges=tally.charges(), events={})


def most_of(limits: SharedLimits) -> Mapping[Counter, int]:
    """Return how much there is, of every counter that anybody can be charged to."""
    return {
        duty.counter: duty.most
        for action in ACTIONS.values()
        for project in ("p0", "p1", "p2")
        for who in ("ann", "bob")
        for duty, _ in charges_of(
            limits, action, payer=Payer(project=project, principal=who), periods=PERIODS
        ).all
    }


def counted(limits: SharedLimits, ran: Iterable[Ran]) -> Mapping[Counter, int]:
    """Count once more what was done."""
    found: Counted[Counter] = Counted()
    for one in ran:
        for duty, more in charges_of(limits, one.action, payer=one.payer, periods=PERIODS).all:
            found[duty.counter] += more
    return found


@settings(max_examples=120)
@given(limits=LIMITS, waiting=groups(CALM))
def test_no_interleaving_overspends(limits: SharedLimits, waiting: list[Group]) -> None:
    """At no time is more used than there is, and counters say what was done, and nothing else."""
    organization = Organization(limits)

    organization.settle(waiting)

    most = most_of(limits)
    for counters in organization.counters:
        assert all(used <= most[counter] for counter, used in counters.items())
    assert organization.counters[-1] == counted(limits, organization.ran)


@settings(max_examples=120)
@given(limits=LIMITS, waiting=groups(tuple(ACTIONS)))
def test_urgent_steps_excuse_nobody_else(limits: SharedLimits, waiting: list[Group]) -> None:
    """In the order of commits, each step that is not urgent found room for itself."""
    organization = Organization(limits)

    organization.settle(waiting)

    used: Counted[Counter] = Counted()
    for one in organization.ran:
        for duty, more in charges_of(limits, one.action, payer=one.payer, periods=PERIODS).all:
            used[duty.counter] += more
            assert one.action.permission.urgent or used[duty.counter] <= duty.most
    assert organization.counters[-1] == used


@settings(max_examples=120)
@given(limits=LIMITS, waiting=groups(tuple(ACTIONS)))
def test_who_is_refused_on_what_is_used_by_now_would_have_overspent(
    limits: SharedLimits, waiting: list[Group]
) -> None:
    """Its figures say so; and a group that did nothing is charged nothing."""
    organization = Organization(limits)
    for group in waiting:
        before = dict(organization.counters[-1])
        judged = organization.judged(group, behind=0)
        assert organization.commit([judged])
        for asked, outcome in zip(group.asked, judged.outcomes, strict=True):
            told = None if outcome.refusal is None else outcome.refusal.limit
            assert (told is None) is (outcome.status is StepStatus.DONE)
            if told is not None:
                assert (told.used or 0) + (told.wanted or 0) > (told.limit or 0)
                assert done_in(outcome) == [] or "box.stop" in asked.actions
        if all(outcome.refusal for outcome in judged.outcomes) and not done_by(judged):
            assert organization.counters[-1] == before


def done_by(judged: Judged) -> list[Action]:
    """Return the actions that a group did."""
    return [action for outcome in judged.outcomes for action in done_in(outcome)]
