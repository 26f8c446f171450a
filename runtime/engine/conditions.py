"""Compile and evaluate CEL rules; anything but boolean `true` refuses.

A set of rules shares one evaluation context that holds only the parts of the state that its rules
read, because turning Python values into CEL values costs far more than evaluating (measured: 5 µs
for one number and 70 µs for a state of 2.7 KB, against 1 to 3 µs for a usual rule).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import cel

from runtime.domain.condition import Condition
from runtime.domain.errors import DeclarationError
from runtime.kit.json_value import JsonObject, JsonValue

_NAME_READ = r"\.([A-Za-z_][A-Za-z0-9_]*)\b(?!\s*\()"  # a name, not a function that is called
KEPT_NARROWINGS = 1024
_STATE_READ = re.compile(rf"\bstate{_NAME_READ}(?:{_NAME_READ})?")
_STATE_WORD = re.compile(r"\bstate\b")
_BOUND_NAME = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*([A-Za-z_][A-Za-z0-9_]*)\s*,")
_FUNCTIONS = frozenset(
    {
        "size", "contains", "startsWith", "endsWith", "matches",
        "int", "uint", "double", "string", "bytes", "type", "dyn",
        "duration", "timestamp", "getFullYear", "getMonth", "getDate", "getDayOfMonth",
        "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds",
    }
)  # fmt: skip


Part: TypeAlias = tuple[str, str]
"""A component and one of its members; without a member, the component as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Name the rule that does not hold; `error` tells a fault in the rule from a plain no."""

    condition: Condition
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledCondition:
    """Keep a rule with its program.

    Attributes:
        condition: the rule as declared.
        program: the rule compiled.
        reads: at least what it reads; None when the rule uses the state as a whole.
    """

    condition: Condition
    program: cel.Program
    reads: frozenset[Part] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionSet:
    """Hold rules that are judged together, in order."""

    conditions: tuple[CompiledCondition, ...]
    _narrowed: dict[frozenset[Part], ConditionSet] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(
        cls, conditions: Iterable[Condition], *, subject: str, names: frozenset[str]
    ) -> ConditionSet:
        """Compile rules that may use the root names `names` (`state`, `inputs`).

        Raises:
            DeclarationError: a rule does not parse, or uses a name or function that is not there.
        """
        return cls(
            conditions=tuple(_compiled(item, subject=subject, names=names) for item in conditions)
        )

    def about(self, touched: frozenset[Part]) -> ConditionSet:
        """Keep the rules whose verdict may change when these parts of the state change.

        The same parts change again and again, so the answers are kept.
        """
        found = self._narrowed.get(touched)
        if found is None:
            found = ConditionSet(
                conditions=tuple(
                    item
                    for item in self.conditions
                    if item.reads is None or any(_overlap(read, touched) for read in item.reads)
                )
            )
            if len(self._narrowed) >= KEPT_NARROWINGS:
                self._narrowed.clear()
            self._narrowed[touched] = found
        return found

    def first_broken(self, state: JsonObject, inputs: JsonObject | None = None) -> Broken | None:
        """Return the first rule that is not exactly `true`, or None when all hold."""
        if not self.conditions:
            return None
        context = cel.Context({"state": self._readable(state)})
        if inputs is not None:
            context.add_variable("inputs", inputs)
        for item in self.conditions:
            broken = _judged(item, context)
            if broken is not None:
                return broken
        return None

    def _readable(self, state: JsonObject) -> JsonObject:
        readable: JsonObject = {}
        for item in self.conditions:
            if item.reads is None:
                return state
            for component, member in item.reads:
                if component in state:
                    _share(state[component], member, into=readable, component=component)
        return readable


def _overlap(read: Part, touched: Collection[Part]) -> bool:
    component, member = read
    return any(
        component == other and (member == part or not (member and part)) for other, part in touched
    )


def _share(value: JsonValue, member: str, *, into: JsonObject, component: str) -> None:
    """Put one member of a component, or all of it, where the rules read it."""
    if not member or not isinstance(value, dict):
        into[component] = value
        return
    shared = into.setdefault(component, {})
    if shared is not value and member in value:
        shared[member] = value[member]


def _judged(item: CompiledCondition, context: cel.Context) -> Broken | None:
    try:
        answer = item.program.execute(context)
    except Exception as error:  # noqa: BLE001  # the evaluator raises many types; each refuses
        return Broken(condition=item.condition, error=f"{type(error).__name__}: {error}")
    if answer is True:
        return None
    if answer is False:
        return Broken(condition=item.condition)
    return Broken(
        condition=item.condition, error=f"the rule gave {type(answer).__name__}, not true or false"
    )


def _compiled(condition: Condition, *, subject: str, names: frozenset[str]) -> CompiledCondition:
    try:
        program = cel.compile(condition.rule)
    except ValueError as error:
        problem = f"rule '{condition.rule}' does not parse: {str(error).splitlines()[0]}"
        raise DeclarationError(subject=subject, problems=(problem,)) from error
    problems = _unknown_references(condition.rule, program, names)
    if problems:
        raise DeclarationError(subject=subject, problems=problems)
    return CompiledCondition(condition=condition, program=program, reads=_reads(condition.rule))


def _unknown_references(rule: str, program: cel.Program, names: frozenset[str]) -> tuple[str, ...]:
    bound = set(_BOUND_NAME.findall(rule))
    references = program.references()
    variables = sorted(set(references["variables"]) - names - bound)
    functions = sorted(
        name for name in references["functions"] if name.isidentifier() and name not in _FUNCTIONS
    )
    return tuple(
        f"rule '{rule}' uses unknown {kind} '{name}'"
        for kind, found in (("name", variables), ("function", functions))
        for name in found
    )


def _reads(rule: str) -> frozenset[Part] | None:
    """Return at least what a rule reads, or None when it may read anything.

    Text inside of strings counts too: reading too much costs time, too little a wrong verdict.
    """
    named = _STATE_READ.findall(rule)
    unclear = "//" in rule or len(named) != len(_STATE_WORD.findall(rule))
    return None if unclear else frozenset(named)
