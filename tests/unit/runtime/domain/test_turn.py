"""Prove what turns say of themselves, and what becomes of them once there is an outcome."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from runtime.domain.plan import Plan, Step
from runtime.domain.proposal import PlanProposal
from runtime.domain.turn import Turn, TurnStatus, status_after, turn_outcome_id
from runtime.kit.ids import parse_id
from runtime.kit.json_value import JsonObject
from tests.row_ids import INSTANT, an_id

PLAN: Final = Plan(steps=(Step(action="counter.reset@1", inputs={}),))
TURN: Final = Turn(
    id=an_id("trn", 1),
    conversation_id=an_id("cnv", 1),
    number=1,
    status=TurnStatus.PROPOSED,
    created_at=INSTANT,
    proposal=PlanProposal(plan=PLAN),
)
REFUSED: Final[JsonObject] = {"code": "confirmation_required"}


def an_outcome(status: str, *refusals: JsonObject | None, after: int = 0) -> JsonObject:
    """Build an outcome whose steps have these refusals."""
    return {
        "status": status,
        "refusal": None,
        "steps": [{"refusal": refusal} for refusal in refusals],
        "before": {"version": 0},
        "after": {"version": after},
    }


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        pytest.param(an_outcome("done", None, after=1), "executed", None, id="done"),
        pytest.param(an_outcome("done", None), "executed", None, id="done, and nothing changed"),
        pytest.param(
            an_outcome("refused", REFUSED), "refused", "confirmation_required", id="refused"
        ),
        pytest.param(
            an_outcome("refused", None, REFUSED, after=1),
            "executed",
            "confirmation_required",
            id="refused after a step was done",
        ),
        pytest.param(an_outcome("failed", REFUSED), "refused", REFUSED["code"], id="failed"),
        pytest.param(
            {**an_outcome("refused"), "refusal": {"code": "plan_empty"}},
            "refused",
            "plan_empty",
            id="refused as a whole",
        ),
    ],
)
def test_only_a_plan_that_changed_nothing_may_be_tried_again(
    outcome: JsonObject, status: str, code: str | None
) -> None:
    """Steps that were done are not done twice."""
    assert status_after(outcome) == (TurnStatus(status), code)


def test_each_attempt_has_an_outcome_of_its_own() -> None:
    """The same turn and attempt always name the same one."""
    ids = {turn_outcome_id(TURN.id, attempt=number) for number in (1, 2, 1)}
    other = turn_outcome_id(an_id("trn", 2), attempt=1)

    assert len(ids) == 2
    assert other not in ids
    assert parse_id(other, "out").created_ms == parse_id(TURN.id, "trn").created_ms


def test_a_persons_own_plan_goes_before_the_models() -> None:
    """What waits for consent is theirs; what the model said stays beside it."""
    own = Plan(steps=(Step(action="counter.set@1", inputs={"value": 3}),))

    edited = replace(TURN, plan=own)

    assert TURN.current == PlanProposal(plan=PLAN)
    assert edited.current == PlanProposal(plan=own)
    assert edited.proposal == PlanProposal(plan=PLAN)


@pytest.mark.parametrize(
    ("changes", "feedback"),
    [
        pytest.param({}, None, id="open"),
        pytest.param({"status": TurnStatus.EXECUTED}, {"status": "executed"}, id="executed"),
        pytest.param(
            {"status": TurnStatus.REFUSED, "refusal": "budget_exceeded"},
            {"status": "refused", "refusal": "budget_exceeded"},
            id="refused",
        ),
        pytest.param(
            {"status": TurnStatus.REJECTED, "reason": "no"},
            {"status": "rejected", "reason": "no"},
            id="rejected",
        ),
        pytest.param({"plan": PLAN}, {"replaced_by": PLAN.document()}, id="replaced"),
    ],
)
def test_feedback_says_what_became_of_the_plan(
    changes: JsonObject, feedback: JsonObject | None
) -> None:
    """Nothing of what is still open."""
    assert replace(TURN, **changes).feedback == feedback
