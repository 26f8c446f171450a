"""Was the answer a well-formed proposal over actions that exist, with inputs that fit?"""

from __future__ import annotations

from harness.score import Score
from harness.scoring.evidence import Evidence

NAME = "validity"


def score(evidence: Evidence) -> Score:
    """Pass when the answer could be read and every step fits its action's schema."""
    proposed = evidence.proposed
    if proposed.proposal is None:
        reason = "; ".join(f"{problem.fault}: {problem.detail}" for problem in proposed.problems)
        return Score(name=NAME, value=0.0, passed=False, reason=reason or "no usable answer")
    faults = _step_faults(evidence)
    steps = len(evidence.plan.steps) if evidence.plan is not None else 1
    return Score(
        name=NAME,
        value=1 - len(faults) / steps if steps else 0.0,
        passed=not faults and steps > 0,
        reason="; ".join(faults) if steps else "the plan has no steps",
    )


def _step_faults(evidence: Evidence) -> list[str]:
    plan = evidence.plan
    faults: list[str] = []
    for index, step in enumerate(plan.steps if plan is not None else (), start=1):
        compiled = evidence.prepared.sandbox.compiled.find(step.action)
        if compiled is None:
            faults.append(f"step {index}: no action '{step.action}'")
            continue
        prepared = evidence.prepared.sandbox.prepared(step)
        if not compiled.inputs.accepts(prepared.inputs):
            problem = compiled.inputs.problems(prepared.inputs)[0]
            faults.append(f"step {index} {step.action}{problem.pointer}: {problem.message}")
    return faults
