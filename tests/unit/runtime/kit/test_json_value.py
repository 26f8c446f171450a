"""Tests of JSON equality."""

import pytest

from runtime.kit.json_value import JsonValue, json_equal


def nested(levels: int, leaf: JsonValue) -> JsonValue:
    """Return a leaf inside as many arrays."""
    value = leaf
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(25, 25.0, id="int and float of one value"),
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, id="key order"),
        pytest.param([1, [None, "x"]], [1, [None, "x"]], id="nested arrays"),
        pytest.param({"a": {"b": []}}, {"a": {"b": []}}, id="nested objects"),
        pytest.param(nested(5000, 1), nested(5000, 1.0), id="deeper than Python recurses"),
    ],
)
def test_documents_that_mean_the_same_are_equal(left: JsonValue, right: JsonValue) -> None:
    """Spelling and depth don't matter."""
    assert json_equal(left, right)
    assert json_equal(right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(True, 1, id="true is not one"),
        pytest.param(False, 0.0, id="false is not zero"),
        pytest.param([True], [1], id="true is not one inside an array"),
        pytest.param({"a": False}, {"a": 0}, id="false is not zero inside an object"),
        pytest.param(None, False, id="null is not false"),
        pytest.param([1, 2], [2, 1], id="array order"),
        pytest.param([1], [1, 2], id="array length"),
        pytest.param({"a": 1}, {"b": 1}, id="keys"),
        pytest.param({"a": None}, {}, id="null is not absence"),
        pytest.param([], {}, id="array and object"),
        pytest.param("1", 1, id="text and number"),
        pytest.param(nested(5000, 1), nested(5000, 2), id="deep leaf"),
    ],
)
def test_documents_that_differ_are_not_equal(left: JsonValue, right: JsonValue) -> None:
    """Each kind of difference is seen, from both sides."""
    assert not json_equal(left, right)
    assert not json_equal(right, left)


def test_a_document_equals_itself_without_being_read() -> None:
    """Identity is enough: even a value that is not equal to itself counts as the same."""
    unequal_to_itself = float("nan")

    assert json_equal([unequal_to_itself], [unequal_to_itself])
