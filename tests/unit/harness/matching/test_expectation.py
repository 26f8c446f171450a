"""What is wrong is said in words, and what cannot be shown is named."""

from __future__ import annotations

import pytest

from harness.matching.expectation import ABSENT, Absence, Exactly, MismatchKind
from harness.matching.matcher import (
    mismatch,
)
from runtime.public import JsonValue

MISSING, UNEXPECTED = MismatchKind.MISSING, MismatchKind.UNEXPECTED
TYPE, VALUE = MismatchKind.WRONG_TYPE, MismatchKind.WRONG_VALUE


@pytest.mark.parametrize(
    ("expected", "actual", "kind", "line"),
    [
        pytest.param({"a": 1}, {}, MISSING, "'/a' is missing, expected 1", id="missing field"),
        pytest.param(
            {}, {"a": 1}, UNEXPECTED, "'/a' is 1, expected nothing there", id="extra field"
        ),
        pytest.param({"a": 1}, {"a": "1"}, TYPE, "'/a' is \"1\", expected 1", id="text for number"),
        pytest.param({"a": 1}, {"a": True}, TYPE, "'/a' is true, expected 1", id="boolean"),
        pytest.param(1, 2, VALUE, "the value is 2, expected 1", id="at the root"),
        pytest.param([1, 2], [1], VALUE, "the value is [1], expected [1, 2]", id="list length"),
        pytest.param([1], {}, TYPE, "the value is {}, expected [1]", id="object for list"),
        pytest.param({"a": 1}, [], TYPE, "the value is [], expected {a: 1}", id="list for object"),
        pytest.param([[1]], [[2]], VALUE, "'/0/0' is 2, expected 1", id="inside lists"),
        pytest.param({"a/b~": 1}, {"a/b~": 2}, VALUE, "'/a~1b~0' is 2, expected 1", id="escaped"),
        pytest.param(
            {"$includes": {"a": 1}},
            3,
            TYPE,
            "the value is 3, expected an object with at least {a: 1}",
            id="includes",
        ),
        pytest.param(
            {"$unordered": [1, 2]},
            [2, 3],
            VALUE,
            "'/1' is 3, expected 1",
            id="unordered points at the item without a partner",
        ),
        pytest.param(
            {"$unordered": [1]}, 1, TYPE, "the value is 1, expected in any order [1]", id="no list"
        ),
        pytest.param(
            {"$one_of": [1, {"$text": "b"}]},
            2,
            VALUE,
            'the value is 2, expected 1 or the text "b"',
            id="one of",
        ),
        pytest.param(
            {"$between": [1, 5]},
            "3",
            TYPE,
            'the value is "3", expected a number from 1 to 5',
            id="between",
        ),
        pytest.param(
            {"$approx": 1, "$within": 0.5},
            2,
            VALUE,
            "the value is 2, expected a number within 0.5 of 1",
            id="approx",
        ),
        pytest.param(
            {"$pattern": "a+"},
            "b",
            VALUE,
            'the value is "b", expected text of the pattern a+',
            id="pattern",
        ),
        pytest.param(
            {"$contains": ["A", "b"]},
            "a",
            VALUE,
            'the value is "a", expected text with "a", "b"',
            id="contains",
        ),
        pytest.param(
            {"$optional": {"a": 1}}, {"a": 2}, VALUE, "'/a' is 2, expected 1", id="inside optional"
        ),
        pytest.param(
            {"$one_of": [{"$absent": True}]},
            1,
            VALUE,
            "the value is 1, expected nothing there",
            id="no option but absence",
        ),
    ],
)
def test_mismatch_says_where_what_and_what_was_expected(
    expected: JsonValue, actual: JsonValue, kind: MismatchKind, line: str
) -> None:
    """One line a person understands, and the kind for tables."""
    (found,) = mismatch(expected, actual)
    assert (found.kind, found.line()) == (kind, line)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("x" * 200, 'the value is "' + "x" * 77 + " …, expected 1", id="long text"),
        pytest.param(10**40, "the value is a value of type number that is too large", id="huge"),
        pytest.param({1, 2}, "the value is a value of type set", id="not JSON"),
    ],
)
def test_what_cannot_be_shown_is_shortened_or_named(value: JsonValue, text: str) -> None:
    """A message stays one readable line."""
    (found,) = mismatch(1, value)
    assert found.line().startswith(text)


def test_plain_forms_give_their_own_examples() -> None:
    """A literal is its own example and absence has none to show."""
    assert Exactly(value={"$any": 1}).example("") == {"$any": 1}
    assert Absence().example("") is ABSENT
