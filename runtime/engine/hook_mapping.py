"""Turn the body of a delivery into a plan, as the mapping of a hook says; what is unclear refuses.

All that a mapping may hold takes time in proportion to its text and the body, both of which are
bounded (`domain.hook_mapping`): nothing has to be stopped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cel
from pydantic import ValidationError

from runtime.domain.errors import DeclarationError, DeliveryUnfitError
from runtime.domain.hook_mapping import BODY, Computed, Constant, HookMapping, Source
from runtime.domain.plan import Plan, Step
from runtime.kit.canonical_json import CanonicalJsonError, canonical_bytes
from runtime.kit.json_pointer import PointerError, get
from runtime.kit.json_value import JsonObject, JsonValue

MOST_INPUT_BYTES: Final = 64_000
"""Of a whole plan."""
_NOTHING: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledMapping:
    """Keep a mapping with the programs of its expressions, by their text."""

    mapping: HookMapping
    programs: Mapping[str, cel.Program]

    def plan(self, body: JsonValue) -> Plan | None:
        """Return the plan that a body asks for, or None where the mapping passes it over.

        Raises:
            DeliveryUnfitError: it makes none; the message repeats no value of the body.
        """
        context = cel.Context({BODY: body}) if self.programs else None
        if not self._acts(context):
            return None
        steps: list[Step] = []
        left_bytes = MOST_INPUT_BYTES
        for number, mapped in enumerate(self.mapping.steps, start=1):
            inputs: JsonObject = {}
            for name, source in mapped.inputs.items():
                place = f"step {number}, input '{name}'"
                value = self._value(source, body, context, place=place)
                if value is _NOTHING:
                    continue
                inputs[name] = value
                left_bytes -= _size_bytes(value, left_bytes=left_bytes, place=place)
            steps.append(_step(mapped.action, inputs, place=f"step {number}"))
        return Plan(steps=tuple(steps))

    def _acts(self, context: cel.Context | None) -> bool:
        rule = self.mapping.when
        if rule is None:
            return True
        found = self._computed(rule, context, place="when")
        if not isinstance(found, bool):
            raise DeliveryUnfitError(
                place="when", problem=f"it gave {_kind(found)}, expected true or false"
            )
        return found

    def _value(
        self, source: Source, body: JsonValue, context: cel.Context | None, *, place: str
    ) -> JsonValue:
        if isinstance(source, Constant):
            return source.value
        if isinstance(source, Computed):
            return self._computed(source.cel, context, place=place)
        try:
            return get(body, source.pointer)
        except PointerError:
            if source.optional:
                return _NOTHING
            problem = f"the body has nothing at '{source.pointer[:80]}'"
            raise DeliveryUnfitError(place=place, problem=problem) from None

    def _computed(self, rule: str, context: cel.Context | None, *, place: str) -> JsonValue:
        try:
            return self.programs[rule].execute(context)
        except Exception as error:  # noqa: BLE001  # the evaluator raises many types; each refuses
            problem = f"the expression failed ({type(error).__name__})"
            raise DeliveryUnfitError(place=place, problem=problem) from None


def compile_mapping(mapping: HookMapping) -> CompiledMapping:
    """Compile every expression of a mapping.

    Raises:
        DeclarationError: one does not parse, or names something else than the body.
    """
    programs: dict[str, cel.Program] = {}
    problems: list[str] = []
    for rule in dict.fromkeys(mapping.expressions):
        try:
            programs[rule] = cel.compile(rule)
        except ValueError as error:
            problems.append(f"'{rule[:80]}' does not parse: {str(error).splitlines()[0][:200]}")
            continue
        strange = sorted(set(programs[rule].references()["variables"]) - {BODY})
        if strange:
            problems.append(f"'{rule[:80]}' names {', '.join(strange)}, expected only {BODY}")
    if problems:
        raise DeclarationError(subject="the hook's mapping", problems=tuple(problems))
    return CompiledMapping(mapping=mapping, programs=programs)


def _size_bytes(value: JsonValue, *, left_bytes: int, place: str) -> int:
    """Return how large an input is; what is no JSON, or too large for the plan, is refused."""
    try:
        size_bytes = len(canonical_bytes(value))
    except (CanonicalJsonError, TypeError):
        problem = f"it is {_kind(value)} or holds what no JSON has"
        raise DeliveryUnfitError(place=place, problem=problem) from None
    if size_bytes > left_bytes:
        problem = f"the inputs have more than {MOST_INPUT_BYTES} bytes together"
        raise DeliveryUnfitError(place=place, problem=problem)
    return size_bytes


def _step(action: str, inputs: JsonObject, *, place: str) -> Step:
    try:
        return Step(action=action, inputs=inputs)
    except ValidationError:
        raise DeliveryUnfitError(place=place, problem="its inputs are nested too deep") from None


def _kind(value: JsonValue) -> str:
    return "nothing" if value is None else type(value).__name__
