"""Does the proposed plan lead to the state that the golden one leads to?

The reference follows the scenario's order, but takes from matched steps the inputs that the
matchers accepted, so that a free text does not make two right plans differ.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.matching.engine_answer import unlike_expected
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
    """Pass when the engine answers as expected, states are equal and expected values are there."""
    prepared, judgement = evidence.prepared, evidence.judgement
    if prepared.reference is None:
        return None
    if judgement is None:
        return Score(
            name=NAME, value=0.0, passed=False, reason=f"no plan, the answer was {evidence.kind}"
        )
    answered = unlike_expected(prepared.scenario.expect, judgement.outcome)
    if answered:
        reason = "; ".join(answered[:SHOWN_DIFFERENCES])
        return Score(name=NAME, value=0.0, passed=False, reason=reason)
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
    expect = prepared.scenario.expect
    steps = instantiated(expect.plans[evidence.aligned_plan], alignment, plan.steps)
    if steps == plan.steps and evidence.judgement is not None:
        return evidence.judgement
    judgement = prepared.sandbox.simulate(Plan(steps=steps), prepared.situation)
    return golden if unlike_expected(expect, judgement.outcome) else judgement


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
