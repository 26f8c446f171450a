"""Every malformed step of a plan is named."""

from __future__ import annotations

import pytest

from harness.matching.compiled import compile_plan, plan_problems
from harness.matching.matcher import MatcherError
from harness.scenario import ExpectedPlan
from tests.unit.harness.scoring.builders import (
    CLOSE,
    expected,
)


def test_all_malformed_steps_are_named() -> None:
    """The author sees every one of them with its step."""
    plan = ExpectedPlan.model_validate(
        {"steps": [expected("a.b", x={"$any": 1}), CLOSE, expected("a.c", y={"$foo": 1})]}
    )
    with pytest.raises(MatcherError):
        compile_plan(plan)
    first, second = plan_problems(plan)
    assert first.startswith("step 1 a.b: '/x': $any takes true")
    assert second.startswith("step 3 a.c: '/y':")
    assert plan_problems(ExpectedPlan.model_validate({"steps": [CLOSE]})) == ()
