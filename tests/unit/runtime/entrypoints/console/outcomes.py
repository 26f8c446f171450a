"""Build outcomes, refusals and turns as the API answers them."""

from __future__ import annotations

from typing import Any

from runtime.client.documents.conversations import TurnOut
from runtime.client.documents.shared import OutcomeOut, Refusal, StepOutcome

DIGEST = "sha256:" + "a" * 64


def a_refusal(code: Any = "confirmation_required", guard: str = "confirmed") -> Refusal:  # noqa: ANN401  # any code
    """Refuse a step."""
    return {
        "code": code,
        "guard": guard,
        "expected": "a confirmation",
        "found": {"confirmed": False},
        "remedy": "confirm the digest",
    }


def a_step(*, refusal: Refusal | None = None) -> StepOutcome:
    """Tell what came of a step that sets the counter."""
    return {
        "action": "counter.set@1",
        "index": 0,
        "inputs": {"value": 7},
        "status": "done" if refusal is None else "refused",
        "refusal": refusal,
        "diff": [{"op": "replace", "path": "/counter/value", "value": 7}],
        "side_effects": ["mail.send"],
        "state_digest": DIGEST,
        "state_version": 2,
    }


def an_outcome(*, refusal: Refusal | None = None, approval: str | None = None) -> OutcomeOut:
    """Tell what came of a plan of one step."""
    return {
        "id": "out_1",
        "project": "prj_1",
        "principal": "mem_1",
        "status": "done" if refusal is None else "refused",
        "plan_digest": DIGEST,
        "steps": [a_step(refusal=refusal)],
        "refusal": refusal,
        "before": {"version": 1, "digest": DIGEST},
        "after": {"version": 2 if refusal is None else 1, "digest": DIGEST},
        "cost": 2,
        "created_at": "2026-03-01T10:00:00Z",
        "approval": approval,
    }


def a_turn(**changed: Any) -> TurnOut:  # noqa: ANN401  # any field
    """Describe a turn whose plan waits."""
    turn: dict[str, Any] = {
        "id": "trn_1",
        "conversation": "cnv_1",
        "number": 1,
        "message": "set it to 7",
        "attachments": [],
        "status": "proposed",
        "proposal": {"kind": "plan", "message": "", "plan": {"steps": [{"action": "counter.set"}]}},
        "edited": False,
        "problems": [],
        "dropped": [],
        "model": "plangate/keyword",
        "usage": {"prompt": 10, "completion": 2, "cached": 0},
        "cost_micros": 12_345,
        "latency_ms": 3,
        "state_version": 1,
        "comparability": None,
        "outcome": None,
        "feedback": None,
        "created_at": "2026-03-01T10:00:00Z",
        "answered_at": "2026-03-01T10:00:01Z",
    }
    return {**turn, **changed}  # type: ignore[typeddict-item]  # of parts
