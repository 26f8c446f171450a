"""Steps run as far as there was room for them in the rates that projects share."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from runtime.domain.action import Permission
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.outcome import PlanOutcome, Refusal
from runtime.domain.shared_rates import RateGrant, RateRefusal, RateWindow
from runtime.engine import pipeline
from tests.builders import NOW, a_plan, a_registry, a_step, an_action, facts_for

REGISTRY: Final = a_registry(
    an_action(), an_action(id="box.stop@1", permission=Permission(urgent=True))
)
CALM: Final = a_step(value=1)
URGENT: Final = a_step("box.stop@1", value=0)


def a_refusal(
    *,
    scope: BudgetScope = BudgetScope.ORGANIZATION,
    measure: LimitMeasure = LimitMeasure.PER_MINUTE,
    never: bool = False,
) -> RateRefusal:
    """Build the refusal of two steps, of which one would fit."""
    return RateRefusal(
        window=RateWindow(scope=scope, subject=f"the {scope.value}", measure=measure, most=5),
        used=4,
        wanted=2,
        free_at=None if never else NOW + timedelta(seconds=30),
    )


def judged(*steps: object, grant: RateGrant | None) -> PlanOutcome:
    """Judge a plan with so much room."""
    plan = a_plan(steps)  # type: ignore[arg-type]  # of steps
    facts = facts_for(plan, REGISTRY, rate_grant=grant)
    return pipeline.run(plan, facts, REGISTRY).outcome


def refused(refusal: RateRefusal) -> Refusal:
    """Return how a plan without room is refused."""
    found = judged(CALM, CALM, grant=RateGrant(steps=0, refusal=refusal)).refusal
    assert found is not None
    assert Refusal.model_validate_json(found.model_dump_json()) == found
    return found


@pytest.mark.parametrize(
    ("steps", "grant", "statuses"),
    [
        pytest.param([CALM], None, ["done"], id="no rate concerns it"),
        pytest.param([CALM, CALM], RateGrant(steps=2), ["done", "done"], id="all fits"),
        pytest.param(
            [URGENT, CALM],
            RateGrant(steps=1, refusal=a_refusal()),
            ["done", "refused"],
            id="what stands behind the urgent step does not fit",
        ),
        pytest.param(
            [CALM, URGENT],
            RateGrant(steps=0, refusal=a_refusal()),
            ["refused", "not_reached"],
            id="nothing fits",
        ),
        pytest.param(
            [URGENT], RateGrant(steps=0, refusal=a_refusal()), ["done"], id="urgency needs no room"
        ),
    ],
)
def test_steps_run_as_far_as_there_is_room(
    steps: list[object], grant: RateGrant | None, statuses: list[str]
) -> None:
    """The first one without room is refused, and those behind it are not reached."""
    assert [step.status.value for step in judged(*steps, grant=grant).steps] == statuses


def test_a_refusal_names_the_rate_its_use_and_when_it_would_fit() -> None:
    """In words and in figures; the organization's rate has no subject."""
    found = refused(a_refusal())

    assert found.guard == "within_shared_rate"
    assert found.code.value == "rate_limited"
    assert found.expected == (
        "at most 5 actions a minute of the organization's rate for all projects "
        "for 2 steps together"
    )
    assert found.found == 6
    assert found.remedy == "wait until the minute has passed, from 2026-01-05T12:00:30Z"
    assert found.model_dump(mode="json")["limit"] == {
        "scope": "organization",
        "subject": None,
        "measure": "per_minute",
        "limit": 5,
        "used": 4,
        "wanted": 2,
        "resets_at": "2026-01-05T12:00:30Z",
    }


@pytest.mark.parametrize("scope", [BudgetScope.PROJECT, BudgetScope.PRINCIPAL])
def test_a_narrower_rate_names_whose_it_is(scope: BudgetScope) -> None:
    """By id, in words and in figures."""
    found = refused(a_refusal(scope=scope, measure=LimitMeasure.PER_HOUR))

    assert found.limit is not None
    assert found.limit.subject == f"the {scope.value}"
    assert f"an hour of the organization's rate for the {scope.value} 'the" in found.expected


def test_what_never_fits_is_told_so() -> None:
    """Waiting would be in vain."""
    found = refused(a_refusal(never=True))

    assert found.limit is not None
    assert found.limit.resets_at is None
    assert found.remedy.startswith("split the plan")
