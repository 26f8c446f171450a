"""Prove that efficiency compares steps with the golden plan's, and only informs."""

from __future__ import annotations

import pytest

from harness.scoring.efficiency import score
from runtime.public import Plan, PlanProposal
from tests.worlds import SET_THREE, a_decline, evidence, prepared


@pytest.mark.parametrize(("steps", "value"), [(1, 1.0), (2, 0.5), (4, 0.25)])
def test_more_steps_than_golden_cost_value(steps: int, value: float) -> None:
    """Twice the steps are half the efficiency."""
    found = score(evidence(prepared(), *[SET_THREE] * steps))

    assert found is not None
    assert (found.value, found.passed) == (value, None)
    assert found.reason == f"steps {steps}, golden 1; model calls 1"


def test_fewer_steps_are_not_better_than_golden() -> None:
    """The value stays at 1."""
    found = score(evidence(prepared(SET_THREE, SET_THREE), SET_THREE))

    assert found is not None
    assert found.value == 1.0


def test_without_steps_on_both_sides_there_is_nothing_to_compare() -> None:
    """Words, empty plans and scenarios without a plan have no efficiency."""
    empty = PlanProposal(plan=Plan(steps=()))

    assert score(evidence(prepared(), proposal=a_decline())) is None
    assert score(evidence(prepared(), proposal=empty)) is None
    assert score(evidence(prepared(expect={"decline": True}), SET_THREE)) is None
