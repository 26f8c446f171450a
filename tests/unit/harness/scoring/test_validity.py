"""Prove that an answer is valid only where it can be read and fits the declared schemas."""

from __future__ import annotations

import pytest

from harness.scoring.validity import score
from runtime.public import ParseFault, ParseProblem, Plan, PlanProposal
from tests.worlds import SET_THREE, Call, a_decline, a_question, evidence, prepared


@pytest.mark.parametrize(
    ("calls", "value", "reason"),
    [
        pytest.param((SET_THREE,), 1.0, "", id="right"),
        pytest.param((("counter.increment", {}),), 1.0, "", id="a default is filled in"),
        pytest.param(
            (SET_THREE, ("moon.land", {})), 0.5, "step 2: no action 'moon.land'", id="unknown"
        ),
        pytest.param(
            (("counter.set@1", {"value": "x"}),),
            0.0,
            'step 1 counter.set@1/value: "x" is not of type "integer"',
            id="wrong type",
        ),
    ],
)
def test_each_step_must_fit(calls: tuple[Call, ...], value: float, reason: str) -> None:
    """The value is the share of steps that do."""
    found = score(evidence(prepared(), *calls))

    assert (found.value, found.passed, found.reason) == (value, value == 1, reason)


def test_an_unusable_answer_is_told_with_its_faults() -> None:
    """The parser's words are repeated."""
    problem = ParseProblem(fault=ParseFault.EMPTY, detail="the answer is empty")
    found = score(evidence(prepared(), problems=(problem,)))

    assert (found.passed, found.reason) == (False, "empty: the answer is empty")
    assert score(evidence(prepared())).reason == "no usable answer"


def test_a_plan_without_steps_is_not_valid() -> None:
    """Doing nothing is no plan."""
    found = score(evidence(prepared(), proposal=PlanProposal(plan=Plan(steps=()))))

    assert (found.value, found.passed, found.reason) == (0.0, False, "the plan has no steps")


def test_words_are_valid() -> None:
    """Whether they were right is asked elsewhere."""
    assert score(evidence(prepared(), proposal=a_decline())).passed
    assert score(evidence(prepared(), proposal=a_question())).passed
