"""Compare what the engine made of a plan with what a scenario expects of the engine.

Without a word about it a plan must be done. A scenario may expect instead that it is refused:
that it waits for people, that rules deny it, that a limit is reached; and of any plan, that its
record hides inputs.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.matching.expectation import judge
from harness.matching.matcher import read_expected
from harness.scenario import Expect, ExpectedRedaction, ExpectedRefusal
from runtime.public import (
    REDACTED,
    LimitRefusal,
    PlanOutcome,
    PointerError,
    ReasonCode,
    StepStatus,
    get,
)


def unlike_expected(expect: Expect, outcome: PlanOutcome) -> tuple[str, ...]:
    """Return how an outcome differs from what is expected of the engine; nothing if it does not.

    Raises:
        MatcherError: a matcher of the expected refusal is malformed.
    """
    faults = _stopped(outcome) if expect.refusal is None else _refused(expect.refusal, outcome)
    shown = (fault for item in expect.redacted for fault in _shown(item, outcome))
    return (*faults, *shown)


def refused_as_expected(expect: Expect, outcome: PlanOutcome) -> bool:
    """Say whether a refusal was expected and is the one that came."""
    return expect.refusal is not None and not any(_refused(expect.refusal, outcome))


def _stopped(outcome: PlanOutcome) -> Iterator[str]:
    if outcome.status is not StepStatus.DONE:
        refusal = outcome.refusal
        yield f"the plan stops: {refusal.message if refusal is not None else 'it did not finish'}"


def _refused(wanted: ExpectedRefusal, outcome: PlanOutcome) -> Iterator[str]:
    refusal = outcome.refusal
    if refusal is None:
        yield f"the plan is done, expected the refusal {wanted.code.value}"
        return
    if refusal.code is not wanted.code:
        yield f"the plan stops otherwise than by {wanted.code.value}: {refusal.message}"
        return
    stopped = outcome.refused_at
    at = None if stopped is None else stopped.index + 1
    if wanted.step is not None and wanted.step != at:
        yield f"{wanted.code.value} stops step {at}, expected step {wanted.step}"
    if wanted.limit is not None:
        expected = f"{wanted.limit.scope.value} {wanted.limit.measure.value}"
        found = _named(refusal.limit)
        if found != expected:
            yield f"{wanted.code.value} by the limit {found}, expected {expected}"
    if wanted.expected is not None:
        for mismatch in judge(read_expected(wanted.expected), refusal.expected, ""):
            yield f"{wanted.code.value}: what the engine wanted: {mismatch.line()}"


def _shown(wanted: ExpectedRedaction, outcome: PlanOutcome) -> Iterator[str]:
    if wanted.step > len(outcome.steps):
        yield f"there is no step {wanted.step} whose inputs could be hidden"
        return
    inputs = outcome.steps[wanted.step - 1].inputs
    for pointer in wanted.inputs:
        try:
            hidden = get(inputs, pointer) == REDACTED
        except PointerError:
            yield f"step {wanted.step} has no input {pointer} that could be hidden"
            continue
        if not hidden:
            yield f"the record shows the input {pointer} of step {wanted.step}"


def _named(limit: LimitRefusal | None) -> str:
    return "none" if limit is None else f"{limit.scope.value} {limit.measure.value}"


def expected_code(expect: Expect) -> ReasonCode | None:
    """Return the code by which a plan is expected to be refused; None where it is to be done."""
    return None if expect.refusal is None else expect.refusal.code
