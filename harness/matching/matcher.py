"""Compare JSON values with expected ones that may hold matchers, as scenarios write them.

An object with a key that starts with `$` is a matcher, at any depth; everything else is itself.
`read_expected` compiles an expected value once; a run judges thousands of actual values with it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from harness.matching.containers import Bag, Fields, Items
from harness.matching.expectation import (
    ABSENT,
    Absence,
    Check,
    Choice,
    Exactly,
    Expectation,
    Mismatch,
    child,
    judge,
    shown,
)
from harness.matching.folding import bare, caseless, sentence
from runtime.public import JsonObject, JsonValue

LONGEST_MATCHED: Final = 10_000
"""How many characters of a string a `$pattern` may look at; a longer string does not match."""

_NOTES: Final = frozenset({"$example", "$within"})
_ANYTHING: Final = Check(accepts=lambda _value: True, text="any value")


class MatcherError(ValueError):
    """Report expected values whose matchers are not well formed."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


def mismatch(expected: JsonValue, actual: JsonValue) -> tuple[Mismatch, ...]:
    """Return every difference between an expected and an actual value, which may be ABSENT.

    Raises:
        MatcherError: `expected` has a malformed matcher.

    >>> [found.line() for found in mismatch({"n": {"$between": [1, 5]}}, {"n": 7})]
    ["'/n' is 7, expected a number from 1 to 5"]
    """
    return judge(read_expected(expected), actual, "")


def example_of(expected: JsonValue) -> JsonValue:
    """Return the golden value: `$example` where given, ABSENT for what may be absent.

    Raises:
        MatcherError: `expected` has a malformed matcher.
        NoExampleError: a matcher needs an `$example` and has none.

    >>> example_of({"n": {"$between": [1, 5]}, "note": {"$optional": "x"}})
    {'n': 1}
    """
    return read_expected(expected).example("")


def matcher_problems(expected: JsonValue) -> tuple[str, ...]:
    """Return what is wrong with the matchers of an expected value, each with its pointer."""
    reader = _Reader()
    reader.read(expected, "")
    return tuple(reader.problems)


def read_expected(expected: JsonValue) -> Expectation:
    """Compile an expected value.

    Raises:
        MatcherError: it has a malformed matcher.
    """
    reader = _Reader()
    expectation = reader.read(expected, "")
    if reader.problems:
        raise MatcherError(tuple(reader.problems))
    return expectation


def is_matcher(value: JsonValue) -> bool:
    """Say whether a value is an object with a key that starts with `$`."""
    return isinstance(value, dict) and any(str(key).startswith("$") for key in value)


class _UnsoundError(Exception):
    """Carry what is wrong with one matcher to the reader."""


class _Reader:
    """Turn one expected value into an expectation and collect what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def read(self, value: JsonValue, pointer: str) -> Expectation:
        try:
            if is_matcher(value):
                return self._matcher(value, pointer)
            if isinstance(value, dict):
                return Fields(fields=self.fields(value, pointer))
            if isinstance(value, list):
                return Items(items=self.items(value, pointer))
            _require_json(value)
        except _UnsoundError as error:
            self.problems.append(f"'{pointer}': {error}")
            return _ANYTHING
        return Exactly(value=value)

    def fields(self, value: JsonObject, pointer: str) -> Mapping[str, Expectation]:
        for key in value:
            if not isinstance(key, str):
                raise _UnsoundError(f"key {key!r} is not a string; quote it")
        return MappingProxyType(
            {key: self.read(item, child(pointer, key)) for key, item in value.items()}
        )

    def items(self, value: list[JsonValue], pointer: str) -> tuple[Expectation, ...]:
        read = tuple(self.read(item, child(pointer, at)) for at, item in enumerate(value))
        for at, item in enumerate(read):
            if item.admits_absence:
                self.problems.append(
                    f"'{child(pointer, at)}': an item of a list is there or not counted; "
                    "$optional and $absent belong to fields"
                )
        return read

    def _matcher(self, value: JsonObject, pointer: str) -> Expectation:
        names = [key for key in value if key not in _NOTES]
        if len(names) != 1 or names[0] not in _FORMS:
            raise _UnsoundError(
                f"{shown(value)} is not a matcher, expected one key of {', '.join(_FORMS)}; "
                "wrap an object that really has such a key in $literal"
            )
        (name,) = names
        unknown = sorted(value.keys() - {name} - _TAKES.get(name, frozenset()))
        if unknown:
            raise _UnsoundError(f"{name} does not take {', '.join(unknown)}")
        expectation = _FORMS[name](self, value, pointer)
        if "$example" in value:
            found = expectation.unmet(value["$example"], "")
            if found:
                raise _UnsoundError(
                    f"$example {shown(value['$example'])} does not match {expectation.text}"
                )
        return expectation


def _require_json(value: JsonValue) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise _UnsoundError(f"{value!r} is not JSON")
    if value is not None and not isinstance(value, (str, bool, int, float)):
        raise _UnsoundError(f"{value!r} is not JSON; write it as a string in quotes")


def _number(value: JsonValue, *, of: str) -> float:
    finite = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    if isinstance(value, bool) or not finite:
        raise _UnsoundError(f"{of} takes numbers, not {shown(value)}")
    return value  # type: ignore[no-any-return]  # narrowed by the two lines above


def _words(value: JsonValue) -> list[str]:
    if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
        folded = [caseless(word) for word in value]
        if all(folded):
            return folded
    raise _UnsoundError(f"$contains takes a list of words, not {shown(value)}")


def _require_true(value: JsonValue, *, of: str) -> None:
    if value is not True:
        raise _UnsoundError(f"{of} takes true, not {shown(value)}")


def _exact(number: JsonValue) -> Fraction:
    """Return the number that was written: 0.1 is one tenth, not the double closest to it."""
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


def _any(_reader: _Reader, matcher: JsonObject, _pointer: str) -> Expectation:
    _require_true(matcher["$any"], of="$any")
    return replace(_ANYTHING, sample=matcher.get("$example", ABSENT))


def _one_of(reader: _Reader, matcher: JsonObject, pointer: str) -> Expectation:
    options = matcher["$one_of"]
    if not isinstance(options, list) or not options:
        raise _UnsoundError(f"$one_of takes a list of values, not {shown(options)}")
    return Choice(options=tuple(reader.read(option, pointer) for option in options))


def _between(_reader: _Reader, matcher: JsonObject, _pointer: str) -> Expectation:
    bounds = matcher["$between"]
    if not isinstance(bounds, list) or len(bounds) != len(("low", "high")):
        raise _UnsoundError(f"$between takes [lowest, highest], not {shown(bounds)}")
    low, high = (_number(bound, of="$between") for bound in bounds)
    if low > high:
        raise _UnsoundError(f"$between {shown(bounds)} holds no number: its first is the larger")
    return Check(
        accepts=lambda value: bool(low <= value <= high),
        text=f"a number from {shown(low)} to {shown(high)}",
        type="number",
        sample=matcher.get("$example", low),
    )


def _pattern(_reader: _Reader, matcher: JsonObject, _pointer: str) -> Expectation:
    written = matcher["$pattern"]
    if not isinstance(written, str):
        raise _UnsoundError(f"$pattern takes a regular expression, not {shown(written)}")
    try:
        pattern = re.compile(written)
    except re.error as error:
        raise _UnsoundError(f"$pattern {written!r} is no regular expression: {error}") from error
    return Check(
        accepts=lambda value: (
            len(value) <= LONGEST_MATCHED and pattern.fullmatch(value) is not None
        ),
        text=f"text of the pattern {written}",
        type="string",
        sample=matcher.get("$example", ABSENT),
    )


def _text(_reader: _Reader, matcher: JsonObject, _pointer: str) -> Expectation:
    written = matcher["$text"]
    if not isinstance(written, str):
        raise _UnsoundError(f"$text takes a string, not {shown(written)}")
    wanted = sentence(written)
    return Check(
        accepts=lambda value: sentence(value) == wanted,
        text=f"the text {shown(written)}",
        type="string",
        sample=written,
    )


def _leaderboard_text(_reader: _Reader, matcher: JsonObject, _pointer: str) -> Expectation:
    written = matcher["$folded"]
    if not isinstance(written, str) or not bare(written):
        raise _UnsoundError(f"$folded takes text of more than , . / - _ * ^, not {shown(written)}")
    wanted = bare(written)
    return Check(
        accepts=lambda value: bare(value) == wanted,
        text=f"the text {shown(written)}, folded",
        type="string",
        sample=written,
    )


def _contains(_reader: _Reader, matcher: JsonObject, _pointer: str) -> Expectation:
    words = _words(matcher["$contains"])

    def accepts(value: str) -> bool:
        folded = caseless(value)
        return all(word in folded for word in words)

    return Check(
        accepts=accepts,
        text=f"text with {', '.join(shown(word) for word in words)}",
        type="string",
        sample=matcher.get("$example", " ".join(matcher["$contains"])),
    )


def _approx(_reader: _Reader, matcher: JsonObject, _pointer: str) -> Expectation:
    if "$within" not in matcher:
        raise _UnsoundError("$approx needs $within, the largest distance that is close enough")
    middle = _number(matcher["$approx"], of="$approx")
    distance = _number(matcher["$within"], of="$within")
    if distance < 0:
        raise _UnsoundError(f"$within {shown(distance)} must not be negative")
    low, high = _exact(middle) - _exact(distance), _exact(middle) + _exact(distance)
    return Check(
        accepts=lambda value: (
            (isinstance(value, int) or math.isfinite(value)) and low <= _exact(value) <= high
        ),
        text=f"a number within {shown(distance)} of {shown(middle)}",
        type="number",
        sample=middle,
    )


def _unordered(reader: _Reader, matcher: JsonObject, pointer: str) -> Expectation:
    items = matcher["$unordered"]
    if not isinstance(items, list):
        raise _UnsoundError(f"$unordered takes a list, not {shown(items)}")
    return Bag(items=reader.items(items, pointer))


def _includes(reader: _Reader, matcher: JsonObject, pointer: str) -> Expectation:
    fields = matcher["$includes"]
    if not isinstance(fields, dict) or is_matcher(fields):
        raise _UnsoundError(f"$includes takes an object of fields, not {shown(fields)}")
    return Fields(fields=reader.fields(fields, pointer), extra=True)


def _optional(reader: _Reader, matcher: JsonObject, pointer: str) -> Expectation:
    return Choice(options=(Absence(), reader.read(matcher["$optional"], pointer)))


def _absent(_reader: _Reader, matcher: JsonObject, _pointer: str) -> Expectation:
    _require_true(matcher["$absent"], of="$absent")
    return Absence()


def _literal(_reader: _Reader, matcher: JsonObject, _pointer: str) -> Expectation:
    return Exactly(value=matcher["$literal"])


_FORMS: Final[Mapping[str, Callable[[_Reader, JsonObject, str], Expectation]]] = MappingProxyType(
    {
        "$any": _any,
        "$one_of": _one_of,
        "$between": _between,
        "$pattern": _pattern,
        "$text": _text,
        "$folded": _leaderboard_text,
        "$contains": _contains,
        "$approx": _approx,
        "$unordered": _unordered,
        "$includes": _includes,
        "$optional": _optional,
        "$absent": _absent,
        "$literal": _literal,
    }
)
_TAKES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "$any": frozenset({"$example"}),
        "$between": frozenset({"$example"}),
        "$pattern": frozenset({"$example"}),
        "$contains": frozenset({"$example"}),
        "$approx": frozenset({"$within"}),
    }
)
