"""Find the entities of a state: objects that live under ids, as tickets do under `t_100`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runtime.public import JsonObject, JsonValue

FEWEST = 2
"""An object with one member may be a record; two alike are a collection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Name the ids of one kind of entity.

    Attributes:
        name: the member of the state that holds them, such as `tickets`.
        ids: in the state's order.
    """

    name: str
    ids: tuple[str, ...]


def collections_of(components: JsonObject) -> tuple[Collection, ...]:
    """Return the collections of a state, at any depth.

    >>> found = collections_of({"desk": {"agents": {"a_1": {"on": True}, "a_2": {"on": False}}}})
    >>> [(item.name, item.ids) for item in found]
    [('agents', ('a_1', 'a_2'))]
    """
    return tuple(
        found for component, value in components.items() for found in _below(value, component)
    )


def siblings(value: JsonValue, collections: tuple[Collection, ...]) -> tuple[str, ...]:
    """Return the other ids of the collection that a value is an id of."""
    if not isinstance(value, str):
        return ()
    found = next((item.ids for item in collections if value in item.ids), ())
    return tuple(other for other in found if other != value)


def _below(value: JsonValue, name: str) -> Iterator[Collection]:
    if not isinstance(value, dict):
        return
    members = list(value.values())
    if len(members) >= FEWEST and _alike(members):
        yield Collection(name=name, ids=tuple(value))
    for key, item in value.items():
        yield from _below(item, key)


def _alike(members: list[JsonValue]) -> bool:
    """Say whether all are objects that share a member: entities of one kind have fields alike."""
    if not all(isinstance(item, dict) for item in members):
        return False
    return bool(set.intersection(*(set(item) for item in members)))
