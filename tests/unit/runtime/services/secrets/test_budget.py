"""Tests of how often a provider may be asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.services.secrets.budget import LONGEST_REST_S, USUAL_REST_S, CallBudget


def test_a_budget_is_spent_and_fills_again() -> None:
    """What is over says after how long the next call may be made, and that is true."""
    budget = CallBudget(per_hour=3_600, at_once=2, now_s=0.0)
    assert [budget.take(0.0) for _ in range(3)] == [0.0, 0.0, 1.0]
    assert budget.take(0.5) == pytest.approx(0.5)
    assert budget.take(1.0) == 0.0
    assert budget.left(100.0) == 2


@pytest.mark.parametrize(
    ("told_s", "rests_s"),
    [(20.0, 20.0), (None, USUAL_REST_S), (1e9, LONGEST_REST_S), (-5.0, 0.0)],
)
def test_a_provider_gets_the_rest_that_it_wants_within_bounds(
    told_s: float | None, rests_s: float
) -> None:
    """None of it is spent meanwhile; no word of a provider closes it for a day."""
    budget = CallBudget(now_s=0.0)
    budget.rest(10.0, told_s)
    assert budget.take(10.0) == rests_s
    assert (budget.left(10.0) == 0) == (rests_s > 0)
    assert budget.take(10.0 + rests_s) == 0.0


def test_a_shorter_rest_does_not_end_a_longer_one() -> None:
    """The last word of several that came together is not the only one."""
    budget = CallBudget(now_s=0.0)
    budget.rest(0.0, 60.0)
    budget.rest(0.0, 1.0)
    assert budget.take(2.0) == 58.0


@given(st.lists(st.floats(min_value=0, max_value=3_600), max_size=200))
def test_no_more_calls_are_made_than_the_budget_says(spans_s: list[float]) -> None:
    """However they are spread: at once, and what has come since."""
    budget, now_s, taken = CallBudget(per_hour=60, at_once=5, now_s=0.0), 0.0, 0
    for span_s in spans_s:
        now_s += span_s
        taken += budget.take(now_s) == 0.0
    assert taken <= 5 + now_s / 60 + 1e-6
