"""Hold what one value must be: the compiled form of an expected value and its matchers.

`harness.matching.matcher` reads the scenario format into these and into the objects and lists of
`harness.matching.containers`. Each form answers two questions: what is wrong with an actual value,
and which value would be an example.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Protocol

import orjson

from runtime.public import JsonValue, json_equal

SHOWN_CHARS: Final = 80


class Absent(Enum):
    """Stand for a value that is not there, which JSON's null is not."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


class MismatchKind(StrEnum):
    """Name how a value fails, for tables of failures."""

    MISSING = "missing"
    UNEXPECTED = "unexpected"
    WRONG_TYPE = "wrong_type"
    WRONG_VALUE = "wrong_value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """Point at one value that is not as expected.

    Attributes:
        pointer: where it stands, as a JSON Pointer; empty for the whole value.
        kind: how it fails.
        expected: what was expected, in words.
        actual: what is there; None where `kind` is `missing`.
    """

    pointer: str
    kind: MismatchKind
    expected: str
    actual: JsonValue

    def line(self) -> str:
        """Say it in one line."""
        where = f"'{self.pointer}'" if self.pointer else "the value"
        if self.kind is MismatchKind.MISSING:
            return f"{where} is missing, expected {self.expected}"
        return f"{where} is {shown(self.actual)}, expected {self.expected}"


class NoExampleError(ValueError):
    """Report a matcher of which no example can be made up."""

    def __init__(self, *, pointer: str, text: str) -> None:
        self.pointer = pointer
        where = f"'{pointer}'" if pointer else "the value"
        super().__init__(f"{where}: there is no example of {text}; add '$example' beside it")


NONE: Final[tuple[Mismatch, ...]] = ()


class Expectation(Protocol):
    """Judge one present value and give an example of a right one."""

    @property
    def text(self) -> str:
        """Describe the value in words."""
        ...

    @property
    def admits_absence(self) -> bool:
        """Say whether no value at all is right too."""
        ...

    def unmet(self, actual: JsonValue, pointer: str) -> tuple[Mismatch, ...]:
        """Return everything that is wrong with a value that is there."""
        ...

    def example(self, pointer: str) -> JsonValue:
        """Return a right value, or ABSENT.

        Raises:
            NoExampleError: none can be made up.
        """
        ...


def json_type(value: JsonValue) -> str:
    """Name the JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)


def shown(value: JsonValue) -> str:
    """Write a value as short JSON for a message."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:  # an integer beyond 64 bits, a lone surrogate, nesting beyond its limit
        text = f"a value of type {json_type(value)} that is too large to show"
    return text if len(text) <= SHOWN_CHARS else f"{text[: SHOWN_CHARS - 2]} …"


def child(pointer: str, token: str | int) -> str:
    """Extend a JSON Pointer by one token (Source: RFC 6901 §3)."""
    return f"{pointer}/{str(token).replace('~', '~0').replace('/', '~1')}"


def judge(expectation: Expectation, actual: JsonValue, pointer: str) -> tuple[Mismatch, ...]:
    """Return everything that is wrong with a value that may be ABSENT."""
    if actual is not ABSENT:
        return expectation.unmet(actual, pointer)
    if expectation.admits_absence:
        return NONE
    kind = MismatchKind.MISSING
    return (Mismatch(pointer=pointer, kind=kind, expected=expectation.text, actual=None),)


def unlike(wanted: str, actual: JsonValue, *, pointer: str, text: str) -> tuple[Mismatch, ...]:
    """Return the one mismatch of a value that is there; `wanted` is a JSON type or empty."""
    same_type = not wanted or json_type(actual) == wanted
    kind = MismatchKind.WRONG_VALUE if same_type else MismatchKind.WRONG_TYPE
    return (Mismatch(pointer=pointer, kind=kind, expected=text, actual=actual),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exactly:
    """Expect this JSON value: 25 is 25.0, true is not 1."""

    value: JsonValue
    admits_absence: bool = False

    @property
    def text(self) -> str:
        """Describe the value in words."""
        return shown(self.value)

    def unmet(self, actual: JsonValue, pointer: str) -> tuple[Mismatch, ...]:
        """Return everything that is wrong with a value that is there."""
        if json_equal(self.value, actual):
            return NONE
        return unlike(json_type(self.value), actual, pointer=pointer, text=self.text)

    def example(self, pointer: str) -> JsonValue:  # noqa: ARG002  # the port's signature
        """Return a right value."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Expect a value that a predicate accepts.

    Attributes:
        accepts: sees values of `type` only, or any when `type` is empty.
        text: the description.
        type: the JSON type that the value must have.
        sample: an example, or ABSENT when nobody gave one.
    """

    accepts: Callable[[JsonValue], bool]
    text: str
    type: str = ""
    sample: JsonValue = ABSENT
    admits_absence: bool = False

    def unmet(self, actual: JsonValue, pointer: str) -> tuple[Mismatch, ...]:
        """Return everything that is wrong with a value that is there."""
        if (not self.type or json_type(actual) == self.type) and self.accepts(actual):
            return NONE
        return unlike(self.type, actual, pointer=pointer, text=self.text)

    def example(self, pointer: str) -> JsonValue:
        """Return the sample."""
        if self.sample is ABSENT:
            raise NoExampleError(pointer=pointer, text=self.text)
        return self.sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Expect that nothing is there."""

    text: str = "nothing there"
    admits_absence: bool = True

    def unmet(self, actual: JsonValue, pointer: str) -> tuple[Mismatch, ...]:
        """Return everything that is wrong with a value that is there."""
        kind = MismatchKind.UNEXPECTED
        return (Mismatch(pointer=pointer, kind=kind, expected=self.text, actual=actual),)

    def example(self, pointer: str) -> JsonValue:  # noqa: ARG002  # the port's signature
        """Return ABSENT."""
        return ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Expect what one of the options expects; the first gives the example."""

    options: tuple[Expectation, ...]

    @property
    def text(self) -> str:
        """Describe the value in words."""
        return " or ".join(option.text for option in self.options)

    @property
    def admits_absence(self) -> bool:
        """Say whether no value at all is right too."""
        return any(option.admits_absence for option in self.options)

    def unmet(self, actual: JsonValue, pointer: str) -> tuple[Mismatch, ...]:
        """Return everything that is wrong with a value that is there."""
        present = [option for option in self.options if not isinstance(option, Absence)]
        attempts = [option.unmet(actual, pointer) for option in present]
        if not all(attempts):
            return NONE
        if len(attempts) == 1:
            return attempts[0]
        return unlike("", actual, pointer=pointer, text=self.text)

    def example(self, pointer: str) -> JsonValue:
        """Return the example of the first option."""
        return self.options[0].example(pointer)
