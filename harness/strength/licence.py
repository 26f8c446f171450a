"""Find what a scenario itself says in favour of a plan that is not its golden one.

Looks for every reading of the expectation under which the plan is right: a short search of its
own, which shares nothing with `harness.matching.alignment` but the matchers for single values. A
plan that the scorers pass and that has no licence here has slipped through.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from harness.matching.expectation import NoExampleError
from harness.matching.golden import golden_step
from harness.matching.matcher import is_matcher, read_expected
from harness.prepared import PreparedScenario
from harness.scenario import ExpectedPlan, PlanMode, StepPattern
from runtime.public import (
    JsonObject,
    JsonValue,
    Plan,
    Sandbox,
    State,
    Step,
    covers,
    diff,
    json_equal,
)

Notes: TypeAlias = frozenset[str]
"""Declarations that allow a difference, in words; none where there is no difference."""

SAME_STATE: Notes = frozenset({"order", "mode superset", "mode reference"})
"""Declarations that allow other steps, but no other final state."""

NOTHING: Notes = frozenset()


def licence(prepared: PreparedScenario, plan: Plan, final: State) -> Notes | None:
    """Return the declarations that make a plan right, or None where there are none.

    Args:
        prepared: the scenario.
        plan: a plan that was executed.
        final: the state that it led to.
    """
    sandbox = prepared.sandbox
    steps = tuple(sandbox.prepared(step) for step in plan.steps)
    kept = _same_state(prepared, final)
    for number, expected in enumerate(prepared.scenario.expect.plans):
        for notes in _readings(expected, steps, sandbox):
            found = notes | {"any_of"} if number else notes
            if kept or found - SAME_STATE:
                return found
    return None


def _same_state(prepared: PreparedScenario, final: State) -> bool:
    """Say whether a final state is the golden one, volatile places left out."""
    if prepared.reference is None:
        return False
    changes = diff(prepared.reference.state.components, final.components)
    volatile = prepared.scenario.expect.volatile
    return all(any(covers(pointer, item["path"]) for pointer in volatile) for item in changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Assign the first actual steps to expected ones, each at most once."""

    used: tuple[int, ...] = ()
    notes: Notes = NOTHING


def _readings(expected: ExpectedPlan, steps: tuple[Step, ...], sandbox: Sandbox) -> Iterator[Notes]:
    if expected.mode is PlanMode.REFERENCE:
        yield frozenset({"mode reference"})
        return
    readings = [_Reading()]
    for step in steps:
        longer = (_longer(item, expected, step, sandbox=sandbox) for item in readings)
        readings = [reading for found in longer for reading in found]
    for reading in readings:
        missing = {
            at
            for at, wanted in enumerate(expected.steps)
            if at not in reading.used and not wanted.optional
        }
        if not missing:
            yield reading.notes
        elif expected.mode is PlanMode.SUBSET:
            yield reading.notes | {"mode subset"}


def _longer(
    reading: _Reading, expected: ExpectedPlan, step: Step, *, sandbox: Sandbox
) -> Iterator[_Reading]:
    """Yield the reading with one more actual step, in every way that the order allows."""
    before = expected.predecessors()
    for at, wanted in enumerate(expected.steps):
        if at in reading.used or any(at in (before[used] or ()) for used in reading.used):
            continue
        own: Notes = frozenset({"optional"}) if wanted.optional else NOTHING
        own |= {"order"} if any(used > at for used in reading.used) else NOTHING
        for number, pattern in enumerate(wanted.patterns):
            notes = _pattern_notes(pattern, step, sandbox)
            if notes is not None:
                other: Notes = frozenset({"any_of"}) if number else NOTHING
                yield _Reading(used=(*reading.used, at), notes=reading.notes | own | notes | other)
    if expected.mode is PlanMode.SUPERSET:
        yield _Reading(used=reading.used, notes=reading.notes | {"mode superset"})


def _pattern_notes(pattern: StepPattern, step: Step, sandbox: Sandbox) -> Notes | None:
    try:
        golden = sandbox.prepared(golden_step(pattern))
    except NoExampleError:
        golden = sandbox.prepared(Step(action=pattern.action))
    if golden.action != step.action:
        return None
    return _value_notes(pattern.inputs, step.inputs, golden.inputs)


def _value_notes(pattern: JsonValue, value: JsonValue, golden: JsonValue) -> Notes | None:
    """Return what allows a value, None when nothing does; `golden` has the defaults."""
    if json_equal(value, golden):
        return NOTHING
    if is_matcher(pattern):
        accepted = not read_expected(pattern).unmet(value, "")
        return frozenset({next(iter(pattern))}) if accepted else None
    if not isinstance(pattern, dict) or not isinstance(value, dict):
        return None
    defaults = golden if isinstance(golden, dict) else {}
    return _member_notes(pattern, value, defaults)


def _member_notes(pattern: JsonObject, value: JsonObject, golden: JsonObject) -> Notes | None:
    found: Notes = NOTHING
    for name in {**pattern, **value, **golden}:
        if name not in value:
            notes = _absence_notes(pattern.get(name))
        elif name not in pattern:
            default = name in golden and json_equal(value[name], golden[name])
            notes = NOTHING if default else None
        else:
            notes = _value_notes(pattern[name], value[name], golden.get(name))
        if notes is None:
            return None
        found |= notes
    return found


def _absence_notes(pattern: JsonValue) -> Notes | None:
    if is_matcher(pattern) and read_expected(pattern).admits_absence:
        return frozenset({next(iter(pattern))})
    return None
