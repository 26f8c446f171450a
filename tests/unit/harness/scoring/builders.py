"""Build expected and actual steps for the tests of the plan matcher."""

from __future__ import annotations

from typing import Any

from harness.matching.compiled import CompiledPlan, compile_plan
from harness.scenario import ExpectedPlan
from runtime.public import Step


def a_step(action: str, **inputs: object) -> Step:
    """Build an actual step."""
    return Step(action=action, inputs=inputs)


def expected(action: str, /, **inputs: object) -> dict[str, Any]:
    """Build an expected step as a scenario writes it."""
    return {"action": action, "inputs": inputs}


def a_plan(*steps: dict[str, Any], **more: object) -> CompiledPlan:
    """Compile expected steps."""
    return compile_plan(ExpectedPlan.model_validate({"steps": steps, **more}))


REFUND = expected("ticket.refund", ticket="t_1", amount=20)
CLOSE = expected("ticket.close", ticket="t_1")
REFUNDED = a_step("ticket.refund", ticket="t_1", amount=20)
CLOSED = a_step("ticket.close", ticket="t_1")
