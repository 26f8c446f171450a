"""Make inputs that satisfy an action's schema, the same ones each time.

Bounded and plain: what a schema says by type, bounds, choices and examples is used; combinations of
schemas are tried by their first branch. What does not satisfy the schema in the end is dropped.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from runtime.engine.schemas import CompiledSchema
from runtime.kit.json_value import JsonObject, JsonValue

MOST_SAMPLES: Final = 12
MOST_HINTS: Final = 200
MOST_FITTING: Final = 4
_DEEPEST: Final = 6
_FAR: Final = 1_000
_TEXTS: Final = ("text", "", "Zo\u00eb \u2013 \u00fcber 1,5 kg", "x" * 64)


def sample_inputs(
    schema: JsonObject, *, hints: Iterable[str] = (), most: int = MOST_SAMPLES
) -> tuple[JsonObject, ...]:
    """Return inputs that the schema accepts, with defaults filled in as the engine does.

    Args:
        schema: JSON Schema of type object.
        hints: texts to try where the schema has a pattern, such as ids that the state holds.
        most: how many at the most.

    Raises:
        DeclarationError: it is no schema.
    """
    compiled = CompiledSchema.of(schema, subject="inputs")
    hinted = _hinted(schema, tuple(itertools.islice(hints, MOST_HINTS)), 0)
    found: list[JsonObject] = []
    for value in itertools.islice(_objects(hinted, 0), 20 * most):
        whole = compiled.completed(value)
        if compiled.accepts(whole) and whole not in found:
            found.append(whole)
        if len(found) == most:
            break
    return tuple(found)


def _hinted(schema: JsonValue, hints: tuple[str, ...], depth: int) -> JsonValue:
    """Return a schema whose texts with a pattern have the hints that fit as examples."""
    if isinstance(schema, list):
        return [_hinted(item, hints, depth + 1) for item in schema]
    if not isinstance(schema, dict) or depth > 2 * _DEEPEST:
        return schema
    found = {name: _hinted(item, hints, depth + 1) for name, item in schema.items()}
    if isinstance(schema.get("pattern"), str):
        fits = [text for text in hints if re.search(schema["pattern"], text)]
        found["examples"] = [*schema.get("examples", ()), *fits[:MOST_FITTING]]
    return found


def _values(schema: JsonValue, depth: int) -> Iterator[JsonValue]:
    """Yield values of a schema, the likeliest first; few of them."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        yield "text"
        return
    if "const" in schema:
        yield schema["const"]
        return
    yield from schema.get("examples", ())
    if "enum" in schema:
        yield from schema["enum"]
        return
    if "default" in schema:
        yield schema["default"]
    for branch in itertools.chain(
        *(schema.get(key, ())[:1] for key in ("anyOf", "oneOf", "allOf"))
    ):
        yield from _values(branch, depth + 1)
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        yield from _OF_TYPE.get(kind, _texts)(schema, depth)


def _objects(schema: JsonObject, depth: int) -> Iterator[JsonObject]:
    """Yield objects: with what is required, with everything, then each value of each member."""
    members: Mapping[str, Any] = schema.get("properties", {})
    required = [name for name in schema.get("required", ()) if name in members]
    choices = {
        name: list(itertools.islice(_values(members[name], depth + 1), 8)) for name in members
    }
    least = {name: choices[name][0] for name in required if choices[name]}
    whole = {name: values[0] for name, values in choices.items() if values}
    yield dict(least)
    yield dict(whole)
    for name, values in choices.items():
        for value in values[1:]:
            yield {**least, name: value}
            yield {**whole, name: value}


def _numbers(schema: JsonObject, depth: int) -> Iterator[JsonValue]:
    del depth
    step = schema.get("multipleOf", 1)
    low = schema.get("minimum", schema.get("exclusiveMinimum", -_FAR - step) + step)
    high = schema.get("maximum", schema.get("exclusiveMaximum", max(_FAR, low) + step) - step)
    for value in (low, high, low + step, (low + high) // (2 * step) * step, 0, 1):
        if low <= value <= high:
            yield value


def _texts(schema: JsonObject, depth: int) -> Iterator[JsonValue]:
    del depth
    least, most = schema.get("minLength", 0), schema.get("maxLength", _FAR)
    for text in _TEXTS:
        yield (text + "a" * least)[: max(least, min(most, len(text) + least))]


def _arrays(schema: JsonObject, depth: int) -> Iterator[JsonValue]:
    items = list(itertools.islice(_values(schema.get("items", {}), depth + 1), 4))
    least = schema.get("minItems", 0)
    for count in dict.fromkeys((max(1, least), least, least + 1)):
        yield list(itertools.islice(itertools.cycle(items), count))


def _booleans(schema: JsonObject, depth: int) -> Iterator[JsonValue]:
    del schema, depth
    yield from (True, False)


def _nothing(schema: JsonObject, depth: int) -> Iterator[JsonValue]:
    del schema, depth
    yield None


_OF_TYPE: Final[Mapping[str, Callable[[JsonObject, int], Iterator[JsonValue]]]] = {
    "array": _arrays,
    "boolean": _booleans,
    "integer": _numbers,
    "null": _nothing,
    "number": _numbers,
    "object": _objects,
    "string": _texts,
}
