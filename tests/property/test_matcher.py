"""Laws of the matchers: examples match, plain values equal themselves, changes are pointed at."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.matching.expectation import ABSENT
from harness.matching.matcher import example_of, matcher_problems, mismatch
from harness.matching.pattern import inputs_mismatch
from runtime.public import JsonValue, get, json_equal

names = st.text("abc/~", min_size=1, max_size=3)
scalars = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.text("ab 1.", max_size=4)
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


def wrapped(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Put a matcher around what is inside, or a list or an object."""
    fields = st.dictionaries(names, inner | inner.map(lambda it: {"$optional": it}), max_size=3)
    return (
        st.lists(inner, max_size=3)
        | fields
        | fields.map(lambda it: {"$includes": it})
        | st.lists(inner, max_size=3).map(lambda it: {"$unordered": it})
        | st.lists(inner, min_size=1, max_size=3).map(lambda it: {"$one_of": it})
    )


numbers = st.integers(-5, 5) | st.floats(-5, 5)
matchers = (
    trees.map(lambda it: {"$literal": it})
    | trees.map(lambda it: {"$any": True, "$example": it})
    | st.lists(numbers, min_size=2, max_size=2).map(lambda it: {"$between": sorted(it)})
    | st.text(max_size=6).map(lambda it: {"$text": it})
    | st.lists(st.text("abB", min_size=1, max_size=3), min_size=1).map(lambda it: {"$contains": it})
    | st.tuples(numbers, st.floats(0, 2)).map(lambda it: {"$approx": it[0], "$within": it[1]})
    | st.just({"$pattern": "[a-c]+", "$example": "abc"})
)
expected_values = st.recursive(scalars | matchers, wrapped, max_leaves=8)


@given(expected_values)
def test_an_example_matches_what_it_is_an_example_of(expected: JsonValue) -> None:
    """Whatever the golden plan is made of, the matcher accepts it."""
    assert matcher_problems(expected) == ()
    assert mismatch(expected, example_of(expected)) == ()


@given(trees)
def test_a_plain_value_matches_itself(value: JsonValue) -> None:
    """Without matchers, an expected value is its own example."""
    assert mismatch(value, value) == ()
    assert json_equal(example_of(value), value)


@given(trees, trees)
def test_plain_values_match_when_they_are_equal_json(one: JsonValue, other: JsonValue) -> None:
    """The matcher agrees with JSON equality, in both directions."""
    assert (mismatch(one, other) == ()) is json_equal(one, other)
    assert (mismatch(one, other) == ()) is (mismatch(other, one) == ())


@given(trees, trees)
def test_every_mismatch_points_at_what_is_there(one: JsonValue, other: JsonValue) -> None:
    """Its pointer finds its actual value; a missing one has none."""
    for found in mismatch(one, other):
        if found.kind != "missing":
            assert get(other, found.pointer) is found.actual
        assert found.line()


@given(st.dictionaries(names, trees, max_size=3), st.dictionaries(names, trees, max_size=3))
def test_a_default_left_out_equals_a_default_written(
    written: dict[str, Any], defaults: dict[str, Any]
) -> None:
    """On either side, at the top of the inputs."""

    def complete(inputs: dict[str, Any]) -> dict[str, Any]:
        return {**defaults, **inputs}

    full = complete(written)
    for expected in (written, full):
        for actual in (written, full):
            assert inputs_mismatch(expected, actual, complete=complete) == ()


@given(expected_values, trees)
def test_optional_is_absence_or_a_match(expected: JsonValue, actual: JsonValue) -> None:
    """An optional value accepts what the value accepts, and nothing there."""
    bare = mismatch(expected, actual) == ()
    assert (mismatch({"$optional": expected}, actual) == ()) is bare
    assert mismatch({"$optional": expected}, ABSENT) == ()
