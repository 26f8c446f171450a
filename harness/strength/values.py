"""Change a JSON value in one place: other numbers, enum members, texts, ids, items and members.

Each function yields whole values that differ from the given one in one leaf, item or member.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from harness.strength.entities import Collection, siblings
from runtime.public import JsonObject, JsonValue

Leaves: TypeAlias = Callable[[JsonValue, JsonObject], Iterator[JsonValue]]
"""Yield other values for a leaf, by the leaf and its schema."""

MOST = 2
"""How many other enum members, ids or items are tried: one would do if it were the right one."""

ANOTHER_TEXT = "something else"


def altered(
    value: JsonValue, schema: JsonObject, collections: tuple[Collection, ...]
) -> Iterator[JsonValue]:
    """Yield values with one leaf changed, or one item of a list dropped or repeated."""

    def leaves(leaf: JsonValue, leaf_schema: JsonObject) -> Iterator[JsonValue]:
        yield from _other_leaves(leaf, leaf_schema, collections)

    yield from _replaced(value, schema, leaves)
    yield from _items_changed(value)


def retargeted(
    value: JsonValue, schema: JsonObject, collections: tuple[Collection, ...]
) -> Iterator[JsonValue]:
    """Yield values in which one id names another entity of the same collection."""

    def leaves(leaf: JsonValue, _: JsonObject) -> Iterator[JsonValue]:
        yield from siblings(leaf, collections)[:MOST]

    yield from _replaced(value, schema, leaves)


def without_member(value: JsonValue) -> Iterator[JsonValue]:
    """Yield objects that lack one member, at any depth."""
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from ([*value[:at], other, *value[at + 1 :]] for other in without_member(item))
    if isinstance(value, dict):
        for name, item in value.items():
            yield {key: kept for key, kept in value.items() if key != name}
            yield from ({**value, name: other} for other in without_member(item))


def _replaced(value: JsonValue, schema: JsonObject, leaves: Leaves) -> Iterator[JsonValue]:
    if isinstance(value, dict):
        for name, item in value.items():
            inner = _member_schema(schema, name)
            yield from ({**value, name: other} for other in _replaced(item, inner, leaves))
    elif isinstance(value, list):
        inner = _object(schema.get("items"))
        for at, item in enumerate(value):
            for other in _replaced(item, inner, leaves):
                yield [*value[:at], other, *value[at + 1 :]]
    else:
        yield from leaves(value, schema)


def _items_changed(value: JsonValue) -> Iterator[JsonValue]:
    """Yield values in which one list lost an item, got one twice, or was turned round."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from ({**value, name: other} for other in _items_changed(item))
    if isinstance(value, list):
        yield from ([*value[:at], *value[at + 1 :]] for at in range(min(MOST, len(value))))
        if value:
            yield [*value, value[-1]]
        if value != value[::-1]:
            yield value[::-1]


def _other_leaves(
    leaf: JsonValue, schema: JsonObject, collections: tuple[Collection, ...]
) -> Iterator[JsonValue]:
    if schema.get("enum"):
        yield from [item for item in schema["enum"] if item != leaf][:MOST]
    elif isinstance(leaf, bool):
        yield not leaf
    elif isinstance(leaf, int | float):
        yield from (leaf + 1, leaf - 1, -leaf)
    elif isinstance(leaf, str):
        foreign = [item.ids[0] for item in collections if leaf not in item.ids]
        yield from (f"{leaf} x", ANOTHER_TEXT, *foreign[:1])
    elif leaf is None:
        yield from (item.ids[0] for item in collections[:MOST])
        yield 0


def _member_schema(schema: JsonObject, name: str) -> JsonObject:
    properties = _object(schema.get("properties"))
    return _object(properties.get(name, schema.get("additionalProperties")))


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
