"""Malformed matchers are refused with a reason, and examples are the golden values."""

from __future__ import annotations

from datetime import date

import pytest

from harness.matching.expectation import ABSENT, NoExampleError
from harness.matching.matcher import (
    LONGEST_MATCHED,
    MatcherError,
    example_of,
    matcher_problems,
    mismatch,
    read_expected,
)
from runtime.public import JsonObject, JsonValue


def test_a_pattern_does_not_look_at_very_long_text() -> None:
    """A model's endless answer costs no endless match."""
    assert mismatch({"$pattern": "a*"}, "a" * LONGEST_MATCHED) == ()
    assert mismatch({"$pattern": "a*"}, "a" * (LONGEST_MATCHED + 1)) != ()


@pytest.mark.parametrize(
    ("expected", "problem"),
    [
        pytest.param(
            {"a": {"$patern": "x"}}, '\'/a\': {"$patern":"x"} is not a matcher', id="typo"
        ),
        pytest.param({"$any": True, "x": 1}, "is not a matcher", id="a plain key beside"),
        pytest.param({"$any": True, "$text": "x"}, "is not a matcher", id="two matchers"),
        pytest.param({"$example": 1}, "is not a matcher", id="an example alone"),
        pytest.param({"$text": "x", "$example": "x"}, "$text does not take $example", id="note"),
        pytest.param({"$any": True, "$within": 1}, "$any does not take $within", id="other note"),
        pytest.param({"$any": 1}, "$any takes true, not 1", id="any of one"),
        pytest.param({"$absent": False}, "$absent takes true, not false", id="absent of false"),
        pytest.param({"$one_of": []}, "$one_of takes a list of values, not []", id="no options"),
        pytest.param({"$one_of": "ab"}, "$one_of takes a list", id="options as text"),
        pytest.param({"$between": [1]}, "$between takes [lowest, highest]", id="one bound"),
        pytest.param({"$between": 5}, "$between takes [lowest, highest]", id="bounds as number"),
        pytest.param({"$between": [5, 1]}, "its first is the larger", id="bounds swapped"),
        pytest.param({"$between": [True, 5]}, "$between takes numbers, not true", id="boolean"),
        pytest.param({"$between": [0, float("inf")]}, "$between takes numbers", id="infinite"),
        pytest.param({"$between": ["a", "b"]}, '$between takes numbers, not "a"', id="text bound"),
        pytest.param({"$pattern": "("}, "'(' is no regular expression", id="bad pattern"),
        pytest.param({"$pattern": 5}, "$pattern takes a regular expression, not 5", id="number"),
        pytest.param({"$text": 5}, "$text takes a string, not 5", id="text of number"),
        pytest.param({"$folded": 5}, "$folded takes text", id="folded number"),
        pytest.param({"$folded": "-."}, "$folded takes text", id="nothing left of it"),
        pytest.param({"$contains": "word"}, "$contains takes a list of words", id="one word bare"),
        pytest.param({"$contains": []}, "$contains takes a list of words", id="no words"),
        pytest.param({"$contains": [" "]}, "$contains takes a list of words", id="blank word"),
        pytest.param({"$contains": [1]}, "$contains takes a list of words", id="number word"),
        pytest.param({"$approx": 1}, "$approx needs $within", id="approx alone"),
        pytest.param({"$approx": "1", "$within": 1}, '$approx takes numbers, not "1"', id="text"),
        pytest.param({"$approx": 1, "$within": -1}, "$within -1 must not be negative", id="minus"),
        pytest.param({"$unordered": 1}, "$unordered takes a list, not 1", id="no list"),
        pytest.param({"$includes": [1]}, "$includes takes an object", id="no object"),
        pytest.param({"$includes": {"$any": True}}, "$includes takes an object", id="matcher in"),
        pytest.param([{"$optional": 1}], "'/0': an item of a list is there", id="optional item"),
        pytest.param(
            {"$unordered": [{"$absent": True}]}, "'/0': an item of a list", id="absent item"
        ),
        pytest.param(
            {"$between": [1, 5], "$example": 9},
            "$example 9 does not match a number from 1 to 5",
            id="example outside",
        ),
        pytest.param({1: 2}, "key 1 is not a string; quote it", id="number as key"),
        pytest.param(date(2026, 3, 1), "is not JSON; write it as a string", id="date"),
        pytest.param(float("nan"), "nan is not JSON", id="not a number"),
    ],
)
def test_malformed_matchers_are_refused_with_a_reason(expected: JsonValue, problem: str) -> None:
    """The message points at the matcher and says what it takes."""
    (found,) = matcher_problems(expected)
    assert problem in found
    with pytest.raises(MatcherError) as caught:
        read_expected(expected)
    assert caught.value.problems == (found,)


def test_all_problems_are_collected() -> None:
    """One run shows them all."""
    assert len(matcher_problems({"a": {"$any": 1}, "b": [{"$text": 5}]})) == 2


@pytest.mark.parametrize(
    ("expected", "example"),
    [
        pytest.param({"$one_of": ["a", "b"]}, "a", id="the first option"),
        pytest.param({"$between": [1, 5]}, 1, id="the lower bound"),
        pytest.param({"$between": [1, 5], "$example": 3}, 3, id="the given one"),
        pytest.param({"$contains": ["a", "b"]}, "a b", id="the words"),
        pytest.param({"$unordered": [1, {"$between": [2, 3]}]}, [1, 2], id="items as listed"),
        pytest.param([{"$text": "x"}], ["x"], id="inside a list"),
        pytest.param(
            {"a": {"$optional": 1}, "b": {"$absent": True}, "c": 2}, {"c": 2}, id="left out"
        ),
        pytest.param({"$optional": 1}, ABSENT, id="absent at the root"),
    ],
)
def test_example_is_the_golden_value(expected: JsonValue, example: JsonValue) -> None:
    """First options, given examples, nothing optional."""
    assert example_of(expected) == example


@pytest.mark.parametrize("matcher", [{"$any": True}, {"$pattern": "a+"}])
def test_a_matcher_without_example_says_where_to_add_one(matcher: JsonObject) -> None:
    """The pointer leads to the place in the scenario."""
    with pytest.raises(NoExampleError, match=r"'/a': there is no example .* add '\$example'"):
        example_of({"a": matcher})
    with pytest.raises(NoExampleError, match="the value: there is no example"):
        example_of(matcher)
