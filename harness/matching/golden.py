"""Make expected plans concrete, without asking any model.

`plangate eval validate` executes the golden plan in the engine and the oracle answers with it; the
outcome scorer compares final states with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.matching.alignment import Alignment
from harness.matching.matcher import example_of
from harness.scenario import ExpectedPlan, PlanMode, StepPattern
from runtime.public import Step


def golden_steps(plan: ExpectedPlan) -> tuple[Step, ...]:
    """Return the required steps, first alternatives, with examples in place of matchers.

    Steps stay as listed except where `after` wants another order.

    Raises:
        MatcherError: an input has a malformed matcher.
        NoExampleError: a matcher needs an `$example` and has none.
    """
    return tuple(
        golden_step(plan.steps[at].patterns[0])
        for at in _in_order(plan)
        if not plan.steps[at].optional
    )


def golden_step(pattern: StepPattern) -> Step:
    """Return a step that the pattern accepts, with examples in place of matchers.

    Raises:
        MatcherError: an input has a malformed matcher.
        NoExampleError: a matcher needs an `$example` and has none.
    """
    return Step(action=pattern.action, inputs=example_of(pattern.inputs))


def instantiated(
    plan: ExpectedPlan, alignment: Alignment, actual: Sequence[Step]
) -> tuple[Step, ...]:
    """Return the golden plan with the actual step wherever one matches the expected step.

    An expected step that nothing matches stays golden, or stays out where leaving it out is right.

    Raises:
        MatcherError: an input has a malformed matcher.
        NoExampleError: a matcher needs an `$example` and has none.
    """
    matched = {
        pair.expected: actual[pair.actual] for pair in alignment.pairs if not pair.mismatches
    }
    steps: list[Step] = []
    for at in _in_order(plan):
        expected = plan.steps[at]
        if at in matched:
            steps.append(matched[at])
        elif not expected.optional and plan.mode is not PlanMode.SUBSET:
            steps.append(golden_step(expected.patterns[0]))
    return tuple(steps)


def _in_order(plan: ExpectedPlan) -> tuple[int, ...]:
    """Return the positions of the steps, as listed where the order between them allows it."""
    before = plan.predecessors()
    waiting = list(range(len(plan.steps)))
    order: list[int] = []
    while waiting:
        ready = next(at for at in waiting if not (before[at] or frozenset()).intersection(waiting))
        waiting.remove(ready)
        order.append(ready)
    return tuple(order)
