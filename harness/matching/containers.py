"""Hold what objects and lists must be: fields, items in order, items in any order.

The compiled forms beside those of `harness.matching.expectation`; both are read by
`harness.matching.matcher`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.matching.assignment import cheapest_columns
from harness.matching.expectation import (
    ABSENT,
    Absence,
    Expectation,
    Mismatch,
    child,
    judge,
    unlike,
)
from runtime.public import JsonValue

_NOTHING: Final = Absence()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Expect an object with these fields, and with no others unless `extra` allows them."""

    fields: Mapping[str, Expectation]
    extra: bool = False
    admits_absence: bool = False
    tokens: Mapping[str, str] = field(init=False, repr=False)
    """How each field extends a pointer: escaping once, not at every comparison, halves its time."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", {name: child("", name) for name in self.fields})

    @property
    def text(self) -> str:
        """Describe the value in words."""
        inside = ", ".join(f"{name}: {item.text}" for name, item in self.fields.items())
        return f"an object with at least {{{inside}}}" if self.extra else f"{{{inside}}}"

    def unmet(self, actual: JsonValue, pointer: str) -> tuple[Mismatch, ...]:
        """Return everything that is wrong with a value that is there."""
        if not isinstance(actual, dict):
            return unlike("object", actual, pointer=pointer, text=self.text)
        found: list[Mismatch] = []
        for name, token in self.tokens.items():
            found += judge(self.fields[name], actual.get(name, ABSENT), pointer + token)
        if not self.extra:
            for name in actual:  # in their own order: a report must not change between runs
                if name not in self.fields:
                    found += _NOTHING.unmet(actual[name], child(pointer, name))
        return tuple(found)

    def example(self, pointer: str) -> JsonValue:
        """Return an object without the fields that may be absent."""
        samples = {name: item.example(child(pointer, name)) for name, item in self.fields.items()}
        return {name: sample for name, sample in samples.items() if sample is not ABSENT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Expect a list of exactly these items in this order."""

    items: tuple[Expectation, ...]
    admits_absence: bool = False

    @property
    def text(self) -> str:
        """Describe the value in words."""
        return f"[{', '.join(item.text for item in self.items)}]"

    def unmet(self, actual: JsonValue, pointer: str) -> tuple[Mismatch, ...]:
        """Return everything that is wrong with a value that is there."""
        if not isinstance(actual, list) or len(actual) != len(self.items):
            return unlike("array", actual, pointer=pointer, text=self.text)
        found: list[Mismatch] = []
        for index, item in enumerate(self.items):
            found += item.unmet(actual[index], child(pointer, index))
        return tuple(found)

    def example(self, pointer: str) -> JsonValue:
        """Return a list of the items' examples."""
        return [item.example(child(pointer, at)) for at, item in enumerate(self.items)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bag:
    """Expect a list of exactly these items in any order, each given one item of its own."""

    items: tuple[Expectation, ...]
    admits_absence: bool = False

    @property
    def text(self) -> str:
        """Describe the value in words."""
        return f"in any order [{', '.join(item.text for item in self.items)}]"

    def unmet(self, actual: JsonValue, pointer: str) -> tuple[Mismatch, ...]:
        """Return everything that is wrong with a value that is there."""
        if not isinstance(actual, list) or len(actual) != len(self.items):
            return unlike("array", actual, pointer=pointer, text=self.text)
        costs = [[len(item.unmet(value, "")) and 1 for value in actual] for item in self.items]
        found: list[Mismatch] = []
        for row, column in enumerate(cheapest_columns(costs)):
            if costs[row][column]:
                found += self.items[row].unmet(actual[column], child(pointer, column))
        return tuple(found)

    def example(self, pointer: str) -> JsonValue:
        """Return a list of the items' examples."""
        return [item.example(child(pointer, at)) for at, item in enumerate(self.items)]
