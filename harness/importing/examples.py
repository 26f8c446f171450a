"""Make up a value that a schema accepts, where a golden call is needed but none is known."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runtime.public import JsonObject, JsonValue

_SIMPLEST: Final[Mapping[str, JsonValue]] = MappingProxyType(
    {"boolean": False, "integer": 0, "null": None, "number": 0, "string": "example"}
)


def example_of_schema(schema: JsonObject) -> JsonValue:
    """Return the simplest value of a schema: its default, its first option, or one of its type.

    >>> example_of_schema({"type": "array", "minItems": 2, "items": {"minimum": 3}})
    [3, 3]
    """
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "number" if "minimum" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties: JsonObject = schema.get("properties", {})
        return {name: example_of_schema(properties[name]) for name in schema.get("required", ())}
    if kind == "array":
        return [example_of_schema(schema.get("items", {}))] * int(schema.get("minItems", 0))
    if kind in {"integer", "number"}:
        return _number(schema)
    return _SIMPLEST[kind]


def _number(schema: JsonObject) -> JsonValue:
    """Return the lowest number allowed, the highest where only that is bounded, or zero."""
    if "exclusiveMinimum" in schema:
        return schema["exclusiveMinimum"] + 1
    return schema.get("minimum", min(0, schema.get("maximum", 0)))
