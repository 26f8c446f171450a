"""Infer tools from the calls that tasks make: τ²-bench declares its own in Python code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from harness.importing.actions import Function
from harness.importing.tau2_tasks import Call
from runtime.public import JsonObject, JsonValue

_NUMBERS: Final = frozenset({"integer", "number"})


def inferred_tools(calls: Iterable[Call]) -> dict[str, Function]:
    """Return a function for each tool that is called, in the order of the names."""
    by_name: dict[str, list[Call]] = {}
    for call in calls:
        by_name.setdefault(call.name, []).append(call)
    return {name: _tool(name, by_name[name]) for name in sorted(by_name)}


def inferred_schema(values: Iterable[JsonValue]) -> JsonObject:
    """Return the narrowest schema of types that all values have; options are never made up.

    >>> inferred_schema([1, 2.5]), inferred_schema([["a"], []])
    ({'type': 'number'}, {'type': 'array', 'items': {'type': 'string'}})
    """
    seen = list(values)
    kinds = list(dict.fromkeys(map(_kind, seen)))
    if _NUMBERS.issubset(kinds):
        kinds.remove("integer")
    schema: JsonObject = {"type": kinds[0] if len(kinds) == 1 else kinds} if kinds else {}
    objects = [value for value in seen if isinstance(value, dict)]
    items = [item for value in seen if isinstance(value, list) for item in value]
    if objects:
        schema |= _object(objects)
    if items:
        schema["items"] = inferred_schema(items)
    return schema


def _object(objects: list[JsonObject]) -> JsonObject:
    """Require what every object has."""
    counts = Counter(name for value in objects for name in value)
    return {
        "properties": {
            name: inferred_schema(value[name] for value in objects if name in value)
            for name in counts
        },
        "required": [name for name, count in counts.items() if count == len(objects)],
        "additionalProperties": False,
    }


def _tool(name: str, calls: list[Call]) -> Function:
    effect = "changes what is stored" if calls[0].changes else "changes nothing that is stored"
    seen = f"{len(calls)} call" + ("s" if len(calls) > 1 else "")
    spoken = name.replace("_", " ").capitalize()
    return Function(
        name=name,
        description=f"{spoken}: {effect}. Inputs inferred from {seen}.",
        schema={"type": "object", **_object([call.arguments for call in calls])},
        read_only=not calls[0].changes,
    )


def _kind(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, dict | list):
        return "object" if isinstance(value, dict) else "array"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) else "number"
    return "null" if value is None else "string"
