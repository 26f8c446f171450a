"""Does the proposed plan lead to the state that the golden one leads to?

The reference follows the scenario's order, but takes from matched steps the inputs that the
matchers accepted, so that a free text does not make two right plans differ.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.matching.expectation import judge
from harness.matching.golden import instantiated
from harness.prepared import value_at
from harness.score import Score
from harness.scoring.evidence import Evidence
from runtime.public import (
    JsonObject,
    Judgement,
    Plan,
    State,
    StepStatus,
    covers,
    diff,
)

NAME = "outcome"
SHOWN_DIFFERENCES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Compare two final states, volatile places left out.

    Attributes:
        reference: the state that was to be reached.
        operations: RFC 6902 from the reference to the actual state.
    """

    reference: State
    operations: tuple[JsonObject, ...]


def score(evidence: Evidence) -> Score | None:
    """Pass when the final states are equal and every expected value is there."""
    prepared, judgement = evidence.prepared, evidence.judgement
    if prepared.reference is None:
        return None
    if judgement is None:
        return Score(
            name=NAME, value=0.0, passed=False, reason=f"no plan, the answer was {evidence.kind}"
        )
    if judgement.outcome.status is not StepStatus.DONE:
        refusal = judgement.outcome.refusal
        stopped = refusal.message if refusal is not None else "it did not finish"
        return Score(name=NAME, value=0.0, passed=False, reason=f"the plan stops: {stopped}")
    if judgement is prepared.reference:  # found to reach what is expected when it was prepared
        return Score(name=NAME, value=1.0, passed=True)
    faults = _unexpected_values(evidence, judgement) + _differences(evidence)
    return Score(
        name=NAME,
        value=0.0 if faults else 1.0,
        passed=not faults,
        reason="; ".join(faults[:SHOWN_DIFFERENCES]),
    )


def state_difference(evidence: Evidence) -> Difference | None:
    """Compare the final state with the reference's; None without a plan or a reference."""
    prepared, judgement = evidence.prepared, evidence.judgement
    if prepared.reference is None or judgement is None:
        return None
    reference = _reference(evidence, prepared.reference)
    if reference.state.digest == judgement.state.digest:
        return Difference(reference=reference.state, operations=())
    volatile = prepared.scenario.expect.volatile
    return Difference(
        reference=reference.state,
        operations=tuple(
            operation
            for operation in diff(reference.state.components, judgement.state.components)
            if not any(covers(pointer, operation["path"]) for pointer in volatile)
        ),
    )


def _reference(evidence: Evidence, golden: Judgement) -> Judgement:
    """Return the golden outcome, with matched steps as the model wrote them."""
    prepared, alignment, plan = evidence.prepared, evidence.alignment, evidence.plan
    if plan is None or alignment is None or not alignment.matches:
        return golden
    expected = prepared.scenario.expect.plans[evidence.aligned_plan]
    steps = instantiated(expected, alignment, plan.steps)
    if steps == plan.steps and evidence.judgement is not None:
        return evidence.judgement
    judgement = prepared.sandbox.simulate(Plan(steps=steps), prepared.situation)
    return judgement if judgement.outcome.status is StepStatus.DONE else golden


def _unexpected_values(evidence: Evidence, judgement: Judgement) -> list[str]:
    faults: list[str] = []
    for pointer, expectation in evidence.prepared.state:
        found = judge(expectation, value_at(judgement.state, pointer), "")
        faults += [f"{pointer}: {mismatch.line()}" for mismatch in found]
    return faults


def _differences(evidence: Evidence) -> list[str]:
    if not evidence.prepared.scores_path and evidence.prepared.state:
        return []
    difference = state_difference(evidence)
    operations = difference.operations if difference is not None else ()
    return [f"{item['op']} {item['path']}: differs from the golden state" for item in operations]
