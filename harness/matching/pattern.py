"""Compare the inputs of an actual step with a step pattern, after schema defaults on both sides.

`harness.matching.compiled` compiles the patterns of a plan with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from harness.matching.expectation import Expectation, Mismatch
from harness.matching.matcher import MatcherError, is_matcher, read_expected
from harness.scenario import StepPattern
from runtime.public import JsonObject, JsonValue, Step

CompleteInputs: TypeAlias = Callable[[JsonObject], JsonObject]
"""Return a copy of the inputs with the action's schema defaults filled in, at any depth."""

CompleteStep: TypeAlias = Callable[[Step], Step]
"""Return a step under the action's full id, with its defaults; an unknown action stays as it is."""


def as_written(step: Step) -> Step:
    """Complete nothing: the registry is unknown."""
    return step


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPattern:
    """Judge the inputs of steps of one action.

    Attributes:
        action: the action's id as the completing function names it.
        expectation: what completed inputs must be.
        named: the inputs that the pattern itself writes.
        closed: inputs beyond the named ones count.
    """

    action: str
    expectation: Expectation
    named: frozenset[str]
    closed: bool

    def unmet(self, completed: JsonObject) -> tuple[Mismatch, ...]:
        """Return every difference; the inputs must be completed already."""
        return self.expectation.unmet(completed, "")

    def similarity(self, written: JsonObject, mismatches: tuple[Mismatch, ...]) -> float:
        """Return the share of the inputs named by either side that agree, 0 to 1."""
        if any(not found.pointer for found in mismatches):
            return 0.0
        wrong = {found.pointer.split("/")[1] for found in mismatches}
        named = self.named.union(wrong, written if self.closed else ())
        return 1 - len(wrong) / len(named) if named else 1.0


def compile_pattern(
    pattern: StepPattern, *, complete: CompleteStep = as_written
) -> CompiledPattern:
    """Compile a pattern against an action's defaults.

    Raises:
        MatcherError: an input has a malformed matcher, or the inputs as a whole may be absent.
    """
    expectation = read_expected(pattern.inputs)
    if expectation.admits_absence:
        raise MatcherError(("'': the inputs of a step are an object and can't be absent",))
    action = complete(Step(action=pattern.action)).action

    def complete_inputs(inputs: JsonObject) -> JsonObject:
        return complete(Step(action=pattern.action, inputs=inputs)).inputs

    whole = is_matcher(pattern.inputs)
    return CompiledPattern(
        action=action,
        expectation=read_expected(with_defaults(pattern.inputs, complete_inputs)),
        named=frozenset(pattern.inputs.get("$includes", ()) if whole else pattern.inputs),
        closed=not whole,
    )


def inputs_mismatch(
    expected: JsonObject, actual: JsonObject, *, complete: CompleteInputs = dict
) -> tuple[Mismatch, ...]:
    r"""Return every difference between expected and actual inputs, defaults filled into both.

    Raises:
        MatcherError: `expected` has a malformed matcher.

    >>> [found.line() for found in inputs_mismatch({"ticket": "t_1"}, {"ticket": "t_2"})]
    ['\'/ticket\' is "t_2", expected "t_1"']
    """
    read_expected(expected)
    return read_expected(with_defaults(expected, complete)).unmet(complete(actual), "")


def with_defaults(pattern: JsonObject, complete: CompleteInputs) -> JsonObject:
    """Return a pattern that expects the default of every input that it leaves out.

    An input that may be absent may also have its default, because leaving it out means that.
    Matchers never reach `complete`: it sees plain objects in which they are null or left out.
    """
    filled: JsonObject = _filled(pattern, (), complete)
    return filled


def _filled(value: JsonValue, path: tuple[str, ...], complete: CompleteInputs) -> JsonValue:
    if not isinstance(value, dict):
        return value
    if is_matcher(value):
        return _filled_matcher(value, path, complete)
    defaults = _completed(_skeleton(value), path, complete)
    filled = {name: _filled(item, (*path, name), complete) for name, item in value.items()}
    for name, default in defaults.items():
        if name not in filled:
            filled[name] = {"$literal": default}
        elif read_expected(value[name]).admits_absence:
            filled[name] = {"$one_of": [filled[name], {"$literal": default}]}
    return filled


def _filled_matcher(
    matcher: JsonObject, path: tuple[str, ...], complete: CompleteInputs
) -> JsonObject:
    name = next(iter(matcher))
    inside = matcher[name]
    if name == "$one_of":
        return {name: [_filled(option, path, complete) for option in inside]}
    if name == "$optional":
        return {name: _filled(inside, path, complete)}
    if name == "$includes":
        return {name: {key: _filled(item, (*path, key), complete) for key, item in inside.items()}}
    if name == "$literal" and isinstance(inside, dict):
        return {name: _completed(inside, path, complete)}
    return matcher


def _skeleton(pattern: JsonObject) -> JsonObject:
    """Return the plain object behind a pattern: null for what a matcher decides."""
    plain: JsonObject = {}
    for name, item in pattern.items():
        if not is_matcher(item):
            plain[name] = _skeleton(item) if isinstance(item, dict) else item
        elif not read_expected(item).admits_absence:
            plain[name] = None
    return plain


def _completed(inside: JsonObject, path: tuple[str, ...], complete: CompleteInputs) -> JsonObject:
    """Complete an object that stands at a path of the inputs."""
    document = inside
    for name in reversed(path):
        document = {name: document}
    found: JsonValue = complete(document)
    for name in path:
        found = found[name]
    return dict(found)
