"""Prepare an expected plan once for the many actual plans that are compared with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.matching.matcher import MatcherError
from harness.matching.pattern import (
    CompiledPattern,
    CompleteStep,
    as_written,
    compile_pattern,
)
from harness.scenario import ExpectedPlan, ExpectedStep, PlanMode

_EXTRAS_ALLOWED: Final = frozenset({PlanMode.SUPERSET})
_NOTHING_REQUIRED: Final = frozenset({PlanMode.SUBSET})


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledStep:
    """Hold the acceptable patterns of one expected step.

    Attributes:
        patterns: the acceptable ones, the golden one first.
        required: leaving the step out is a defect; never so in mode subset.
        before: the steps that must not come after this one, direct and indirect.
        text: how messages name it.
    """

    patterns: tuple[CompiledPattern, ...]
    required: bool
    before: frozenset[int]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPlan:
    """Hold an expected plan ready for comparison.

    Attributes:
        mode: how strictly actual steps must follow.
        steps: in the order in which the scenario lists them.
        extras_allowed: an actual step that nothing expects is no defect.
        ordered: some step must come before another.
        listed_in_order: the steps as listed keep that order.
        complete: what is done to actual steps first.
    """

    mode: PlanMode
    steps: tuple[CompiledStep, ...]
    extras_allowed: bool
    ordered: bool
    listed_in_order: bool
    complete: CompleteStep


def compile_plan(plan: ExpectedPlan, *, complete: CompleteStep = as_written) -> CompiledPlan:
    """Compile an expected plan.

    Args:
        plan: as the scenario writes it.
        complete: names the action in full and fills in its defaults, in patterns and actual steps.

    Raises:
        MatcherError: a pattern has malformed matchers; the message names the step.
    """
    problems: list[str] = []
    patterns = [
        _compiled_patterns(step, where=f"step {at + 1}", complete=complete, problems=problems)
        for at, step in enumerate(plan.steps)
    ]
    if problems:
        raise MatcherError(tuple(problems))
    before = [frozenset(found or ()) for found in plan.predecessors()]
    steps = tuple(
        CompiledStep(
            patterns=patterns[at],
            required=not step.optional and plan.mode not in _NOTHING_REQUIRED,
            before=before[at],
            text=_named(step),
        )
        for at, step in enumerate(plan.steps)
    )
    return CompiledPlan(
        mode=plan.mode,
        steps=steps,
        extras_allowed=plan.mode in _EXTRAS_ALLOWED,
        ordered=any(before),
        listed_in_order=all(earlier < at for at, found in enumerate(before) for earlier in found),
        complete=complete,
    )


def plan_problems(plan: ExpectedPlan) -> tuple[str, ...]:
    """Return what is wrong with the matchers of a plan, each with its step and pointer."""
    try:
        compile_plan(plan)
    except MatcherError as error:
        return error.problems
    return ()


def _compiled_patterns(
    step: ExpectedStep, *, where: str, complete: CompleteStep, problems: list[str]
) -> tuple[CompiledPattern, ...]:
    compiled = []
    for pattern in step.patterns:
        try:
            compiled.append(compile_pattern(pattern, complete=complete))
        except MatcherError as error:
            problems += [f"{where} {pattern.action}: {found}" for found in error.problems]
    return tuple(compiled)


def _named(step: ExpectedStep) -> str:
    return " or ".join(dict.fromkeys(pattern.action for pattern in step.patterns))
