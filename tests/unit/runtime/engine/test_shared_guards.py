"""A refusal by a budget that projects share says which, what is used, and when it renews."""

from __future__ import annotations

from typing import Final

import pytest

from runtime.domain.action import Permission
from runtime.domain.limits import BudgetScope
from runtime.domain.outcome import Refusal, StepStatus
from runtime.domain.shared_limits import Budget, BudgetMeasure, BudgetSpan, SharedLimits
from runtime.domain.shared_use import Periods, SharedUse, counter_key
from runtime.engine import pipeline
from runtime.engine.guards import first_refusal
from runtime.engine.shared_guards import SHARED_GUARDS, shared_use_after
from runtime.kit.json_value import JsonObject, JsonValue
from tests.builders import NOW, a_plan, a_registry, a_step, an_action, facts_for, step_facts_for
from tests.shared_limits import a_budget, shared_limits

ACTION: Final = an_action(cost=4, tokens=30, money_micros=500)
STOP: Final = an_action(
    id="box.stop@1", cost=4, tokens=30, money_micros=500, permission=Permission(urgent=True)
)
FREE: Final = an_action(id="box.free@1", cost=0)
REGISTRY: Final = a_registry(ACTION, STOP, FREE)
MONTH: Final = BudgetSpan.MONTH
ACTIONS: Final = BudgetMeasure.ACTIONS
SUBJECTS: Final = {
    BudgetScope.ORGANIZATION: None,
    BudgetScope.PROJECT: "project",
    BudgetScope.PRINCIPAL: "ann",
    BudgetScope.ACTION: "box.put",
}


def used(limits: SharedLimits, amount: int, zone: str = "UTC") -> SharedUse:
    """Return a use in which so much is used of every budget."""
    periods = Periods.at(NOW, zone)
    return SharedUse(
        known={
            (counter_key(bound.named, bound.scope, SUBJECTS[bound.scope]), periods.of(bound.per)): (
                amount
            )
            for bound in limits.bounds
        }
    )


def refused(*budgets: Budget, amount: int = 0, action: str = "box.put@1") -> Refusal | None:
    """Judge one step at noon of a Monday."""
    limits = shared_limits(*budgets)
    return first_refusal(
        step_facts_for(
            a_step(action, value=1),
            REGISTRY,
            shared_limits=limits,
            shared_use=used(limits, amount),
        )
    )


def told(*budgets: Budget, amount: int = 0) -> JsonObject:
    """Return what a refusal says of its limit, as it is stored."""
    refusal = refused(*budgets, amount=amount)
    assert refusal is not None
    document: JsonObject = refusal.model_dump(mode="json")["limit"]
    return document


@pytest.mark.parametrize("scope", BudgetScope)
def test_each_scope_names_whose_budget_it_is(scope: BudgetScope) -> None:
    """With what is used and wanted of it, and when it renews."""
    assert told(a_budget(7, scope=scope), amount=7) == {
        "scope": scope.value,
        "subject": SUBJECTS[scope],
        "measure": "units_a_day",
        "limit": 7,
        "used": 7,
        "wanted": 4,
        "resets_at": "2026-01-06T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("measure", "wanted", "code", "guard", "what"),
    [
        (ACTIONS, 1, "quota_exceeded", "within_shared_quota", "600 actions a month"),
        (BudgetMeasure.UNITS, 4, "budget_exceeded", "within_shared_budget", "600 units a month"),
        (BudgetMeasure.TOKENS, 30, "budget_exceeded", "within_shared_budget", "600 tokens a month"),
        (
            BudgetMeasure.MONEY, 500, "budget_exceeded", "within_shared_budget",
            "600 millionths of USD a month",
        ),
    ],
)  # fmt: skip
def test_each_measure_counts_what_an_action_declares(
    measure: BudgetMeasure, wanted: int, code: str, guard: str, what: str
) -> None:
    """And renews with the first day of the next month."""
    refusal = refused(a_budget(600, measure=measure, per=MONTH), amount=600)

    assert refusal is not None
    assert (refusal.code.value, refusal.guard, refusal.found) == (code, guard, 600 + wanted)
    assert guard in SHARED_GUARDS
    assert what in refusal.expected
    assert refusal.limit is not None
    assert (refusal.limit.wanted, refusal.limit.measure.value) == (
        wanted,
        f"{measure.value}_a_month",
    )
    assert refusal.remedy == (
        f"have the organization's {'quota' if measure is ACTIONS else 'budget'} raised or wait "
        "until it renews, from 2026-02-01T00:00:00Z"
    )


def test_what_uses_a_budget_up_passes() -> None:
    """The last unit can be spent, and no more."""
    assert refused(a_budget(7), amount=3) is None
    assert refused(a_budget(7), amount=4) is not None


def test_what_uses_nothing_of_a_budget_is_not_held_back_by_it() -> None:
    """Not even where more was used than there is, as urgent steps may do."""
    assert refused(a_budget(7), amount=9, action="box.free@1") is None
    assert refused(a_budget(7, measure=BudgetMeasure.TOKENS), amount=9, action="box.free@1") is None


@pytest.mark.parametrize("measure", BudgetMeasure)
def test_urgent_steps_are_held_back_by_no_shared_budget(measure: BudgetMeasure) -> None:
    """Whatever is used."""
    assert refused(a_budget(0, measure=measure), amount=9, action="box.stop@1") is None


def test_what_never_fits_is_not_promised_for_later() -> None:
    """No instant is named, and waiting is no remedy."""
    refusal = refused(a_budget(3))

    assert refusal is not None
    assert refusal.limit is not None
    assert refusal.limit.resets_at is None
    assert refusal.remedy.startswith("use something smaller or have the limit raised")


def test_the_widest_budget_is_named_first() -> None:
    """And a quota before a budget."""
    units = [a_budget(1, scope=scope) for scope in reversed(BudgetScope)]

    assert told(*units)["scope"] == "organization"
    assert told(*units, a_budget(0, measure=ACTIONS, scope=BudgetScope.ACTION))["measure"] == (
        "actions_a_day"
    )


@pytest.mark.parametrize(
    ("zone", "per", "renews"),
    [
        ("Europe/Berlin", BudgetSpan.DAY, "2026-01-05T23:00:00Z"),
        ("Europe/Berlin", MONTH, "2026-01-31T23:00:00Z"),
        ("America/New_York", BudgetSpan.DAY, "2026-01-06T05:00:00Z"),
    ],
)
def test_a_period_is_over_at_midnight_of_the_organizations_zone(
    zone: str, per: BudgetSpan, renews: str
) -> None:
    """And what was used in it is found under its name there."""
    limits = shared_limits(a_budget(9, per=per), zone=zone)

    refusal = first_refusal(
        step_facts_for(
            a_step(value=1), REGISTRY, shared_limits=limits, shared_use=used(limits, 9, zone)
        )
    )

    assert refusal is not None
    assert refusal.model_dump(mode="json")["limit"]["resets_at"] == renews


def judged(names: list[str], limits: SharedLimits, **changes: JsonValue) -> list[StepStatus]:
    """Judge a plan of these actions and return how its steps ended."""
    plan = a_plan(a_step(name, value=1) for name in names)
    facts = facts_for(plan, REGISTRY, shared_limits=limits, **changes)
    return [step.status for step in pipeline.run(plan, facts, REGISTRY).outcome.steps]


DONE: Final = StepStatus.DONE
REFUSED: Final = StepStatus.REFUSED
NOT_REACHED: Final = StepStatus.NOT_REACHED


def test_a_plan_that_does_not_fit_as_a_whole_does_nothing() -> None:
    """Its first step is refused for all of them (X6)."""
    fits = judged(["box.put@1"] * 2, shared_limits(a_budget(8)))
    passes = judged(["box.put@1"] * 3, shared_limits(a_budget(11)))

    assert fits == [DONE, DONE]
    assert passes == [REFUSED, NOT_REACHED, NOT_REACHED]


def test_actions_that_are_counted_apart_are_held_against_their_own_budgets() -> None:
    """Each against what all its steps of the plan use."""
    limits = shared_limits(a_budget(4, scope=BudgetScope.ACTION))

    assert judged(["box.free@1", "box.put@1"], limits) == [DONE, DONE]
    assert judged(["box.free@1", "box.put@1", "box.put@1"], limits) == [
        REFUSED, NOT_REACHED, NOT_REACHED,
    ]  # fmt: skip


def test_urgent_steps_leave_less_to_those_behind_them() -> None:
    """A reservation ends where an urgent step begins; what that one used is counted."""
    limits = shared_limits(a_budget(8))

    assert judged(["box.put@1", "box.stop@1", "box.put@1"], limits) == [DONE, DONE, REFUSED]
    assert judged(["box.stop@1", "box.put@1"], limits) == [DONE, DONE]


def test_without_limits_nothing_is_added_up() -> None:
    """The use that is handed in is handed on."""
    facts = facts_for(a_plan(), REGISTRY)

    assert shared_use_after(facts.shared_use, ACTION, facts) is facts.shared_use
    assert not facts.counted


def test_a_budget_of_another_project_holds_nobody_here_back() -> None:
    """One that names a subject is for that one."""
    other = a_budget(0, scope=BudgetScope.PROJECT, subject="another")

    assert refused(other) is None
    assert refused(other.model_copy(update={"subject": "project"})) is not None
