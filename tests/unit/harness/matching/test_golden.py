"""Golden plans are concrete, in an order that holds, with the model's own free texts."""

from __future__ import annotations

import pytest

from harness.matching.alignment import Alignment, align
from harness.matching.compiled import compile_plan
from harness.matching.golden import golden_steps, instantiated
from harness.scenario import ExpectedPlan
from runtime.public import Step
from tests.unit.harness.scoring.builders import (
    CLOSE,
    CLOSED,
    REFUND,
    REFUNDED,
    a_step,
    expected,
)


def test_golden_steps_are_required_first_alternatives_in_an_order_that_holds() -> None:
    """What is listed before its predecessor moves behind it."""
    plan = ExpectedPlan.model_validate(
        {
            "steps": [
                {**CLOSE, "after": ["refund"]},
                {"any_of": [REFUND, CLOSE], "as": "refund"},
                {**expected("a.b"), "optional": True},
                expected("a.c", x={"$optional": 1}, y={"$one_of": [5, 6]}),
            ]
        }
    )
    assert golden_steps(plan) == (REFUNDED, CLOSED, a_step("a.c", y=5))


def aligned(plan: ExpectedPlan, actual: list[Step]) -> Alignment:
    """Align without a registry."""
    return align(compile_plan(plan), actual)


@pytest.mark.parametrize(
    ("mode", "steps"),
    [
        pytest.param("reference", ("a.note free", "ticket.close t_1"), id="golden where missing"),
        pytest.param("subset", ("a.note free",), id="left out where that is right"),
    ],
)
def test_instantiated_plan_takes_matched_steps_as_they_were_written(
    mode: str, steps: tuple[str, ...]
) -> None:
    """A free text is the model's own; a mismatched step is not."""
    note = expected("a.note", text={"$any": True, "$example": "x"})
    plan = ExpectedPlan.model_validate(
        {"mode": mode, "steps": [note, CLOSE, {**REFUND, "optional": True}]}
    )
    actual = [a_step("ticket.close", ticket="t_2"), a_step("a.note", text="free")]
    found = instantiated(plan, aligned(plan, actual), actual)
    assert tuple(f"{step.action} {next(iter(step.inputs.values()))}" for step in found) == steps
