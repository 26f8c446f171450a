"""Prove that the kind of an answer is judged against every kind that is right."""

from __future__ import annotations

import pytest

from harness.scoring.kind import score
from runtime.public import JsonObject, PlanProposal, Proposal
from tests.worlds import SET_THREE, a_decline, a_plan, a_question, evidence, prepared, steps_of

ANSWERS: dict[str, Proposal | None] = {
    "plan": PlanProposal(plan=a_plan([SET_THREE])),
    "clarification": a_question(),
    "decline": a_decline(),
    "none": None,
}


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize(
    ("expect", "right"),
    [
        pytest.param({"plan": {"steps": steps_of(SET_THREE)}}, {"plan"}, id="plan"),
        pytest.param({"clarification": {}}, {"clarification"}, id="clarification"),
        pytest.param({"decline": True}, {"decline"}, id="decline"),
        pytest.param(
            {"either": ["decline", "clarification"]}, {"decline", "clarification"}, id="either"
        ),
    ],
)
def test_only_expected_kinds_pass(kind: str, expect: JsonObject, right: set[str]) -> None:
    """An unusable answer never does."""
    found = score(evidence(prepared(expect=expect), proposal=ANSWERS[kind]))

    assert found is not None
    assert found.passed is (kind in right)
    wanted = " or ".join(sorted(right))
    assert found.reason == ("" if found.passed else f"expected {wanted}, the answer was {kind}")


def test_where_only_never_counts_any_kind_is_right() -> None:
    """The question does not arise."""
    assert score(evidence(prepared(expect={"never": ["counter.reset"]}), SET_THREE)) is None
