"""Declare the leaderboard's functions as actions: legal ids, equal declarations only once.

Every question brings its own function list, and one name may stand for different declarations in
different questions; those become versions of one action.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from runtime.public import JsonObject, digest

NAMESPACE: Final = "call"
"""Stands before a name that has no dot, because an action is always `noun.verb`."""

_WORD_EDGE: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ILLEGAL: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """Hold one declared function.

    Attributes:
        name: as published.
        description: as published, or the name where there is none.
        schema: what it takes, as JSON Schema.
        read_only: it changes nothing that is compared.
    """

    name: str
    description: str
    schema: JsonObject
    read_only: bool = False

    @property
    def digest(self) -> str:
        """Return a digest of the declaration; equal declarations share it."""
        return digest({"name": self.name, "description": self.description, "schema": self.schema})


class Catalogue:
    """Collect the actions of an environment and give each declaration its id."""

    def __init__(self) -> None:
        """Begin with no action."""
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._functions: dict[str, Function] = {}

    def ids(self, functions: Iterable[Function]) -> dict[str, str]:
        """Return the action id that each function has or would get, by its published name.

        Nothing is kept: a question that turns out to be unusable leaves no trace.
        """
        names = dict(self._names)
        found: dict[str, str] = {}
        for function in functions:
            names[function.name] = _distinct_name(function.name, names)
            found[function.name] = self._ids.get(function.digest) or self._next_id(
                names[function.name]
            )
        return found

    def keep(self, functions: Iterable[Function]) -> None:
        """Add functions under the ids that `ids` names."""
        functions = tuple(functions)
        for name, action_id in self.ids(functions).items():
            self._names[name] = action_id.rpartition("@")[0]
        for function in functions:
            action_id = self._ids.get(function.digest) or self._next_id(self._names[function.name])
            self._ids[function.digest] = action_id
            self._functions[action_id] = function

    def actions(self) -> list[JsonObject]:
        """Return the declarations of all actions, in the order in which they came."""
        return [declaration(name, function) for name, function in self._functions.items()]

    def _next_id(self, name: str) -> str:
        version = 1
        while f"{name}@{version}" in self._functions:
            version += 1
        return f"{name}@{version}"


def declaration(action_id: str, function: Function) -> JsonObject:
    """Return a function as a declared environment holds it."""
    declared: JsonObject = {
        "id": action_id,
        "title": function.name,
        "description": function.description,
        "input_schema": function.schema,
    }
    return {**declared, "read_only": True} if function.read_only else declared


def action_name(published: str) -> str:
    """Return the legal action name that is closest to a published one.

    >>> action_name("math.hypot"), action_name("getWeather"), action_name("3d.plot")
    ('math.hypot', 'call.get_weather', 'n3d.plot')
    """
    snake = (
        _ILLEGAL.sub("_", _WORD_EDGE.sub("_", part).lower()).strip("_")
        for part in published.split(".")
    )
    parts = [part if part[0].isalpha() else f"n{part}" for part in snake if part]
    return ".".join(parts if len(parts) > 1 else [NAMESPACE, *(parts or ["unnamed"])])


def _distinct_name(published: str, names: Mapping[str, str]) -> str:
    """Return the function's name among these, or a new one that no other function has."""
    if published in names:
        return names[published]
    wanted = action_name(published)
    taken = set(names.values())
    number = 1
    name = wanted
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name
