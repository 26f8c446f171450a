"""What is kept for long, or told again and again, has bounds."""

from __future__ import annotations

import pytest

from runtime.domain.fact import MOST_VALUE_BYTES
from runtime.domain.limits import BudgetScope, ExecutionWindow, Limits
from runtime.domain.plan import Plan
from runtime.domain.storable import (
    MOST_PLAN_BYTES,
    MOST_WINDOWS,
    storable_limits,
    storable_plan,
    storable_value,
)
from runtime.kit.canonical_json import MAX_SAFE_INTEGER
from runtime.kit.json_value import JsonObject

WINDOW = ExecutionWindow.model_validate({"start": "08:00", "end": "09:00"})


@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        Limits(per_minute=0, per_hour=MAX_SAFE_INTEGER),
        Limits(budgets={BudgetScope.ACTION: 0}),
        Limits(windows=(WINDOW,) * MOST_WINDOWS),
    ],
)
def test_limits_in_range_stay_as_they_are(limits: Limits) -> None:
    """Zero is a limit too."""
    assert storable_limits(limits) is limits


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(per_minute=MAX_SAFE_INTEGER + 1), id="too many a minute"),
        pytest.param(Limits(per_hour=10**40), id="too many an hour"),
        pytest.param(Limits(budgets={BudgetScope.PROJECT: -1}), id="a budget below zero"),
        pytest.param(Limits(windows=(WINDOW,) * (MOST_WINDOWS + 1)), id="too many windows"),
    ],
)
def test_limits_out_of_range_are_refused(limits: Limits) -> None:
    """They could not be stored, or not be read back alike."""
    with pytest.raises(ValueError, match=r"expected|at most"):
        storable_limits(limits)


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        pytest.param([], "no steps", id="nothing to do"),
        pytest.param(
            [{"action": "a", "inputs": {"v": "x" * MOST_PLAN_BYTES}}], "at most 65536", id="long"
        ),
    ],
)
def test_plans_that_can_not_be_kept_are_refused(steps: list[JsonObject], problem: str) -> None:
    """One is executed long after it was sent."""
    with pytest.raises(ValueError, match=problem):
        storable_plan(Plan.model_validate({"steps": steps}))


def test_what_fits_is_returned() -> None:
    """As it is."""
    plan = Plan.model_validate({"steps": [{"action": "a", "inputs": {}}]})

    assert storable_plan(plan) is plan
    assert storable_value({"a": 1}) == {"a": 1}


def test_a_value_of_a_fact_is_short() -> None:
    """Each prompt has room for it."""
    with pytest.raises(ValueError, match="at most 2000"):
        storable_value("x" * MOST_VALUE_BYTES)
