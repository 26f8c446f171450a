"""Prove which JSON value Java and JavaScript source stands for, and what stays text."""

from __future__ import annotations

import pytest

from harness.importing.bfcl_source import plain_inputs, read_source
from runtime.public import JsonValue

LIST = "array"
MAP = "object"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        pytest.param("integer", "-42", -42, id="an integer"),
        pytest.param("integer", "5L", 5, id="a long"),
        pytest.param("integer", "7n", 7, id="a bigint"),
        pytest.param("number", "3.5f", 3.5, id="a float"),
        pytest.param("number", "2e3", 2000.0, id="an exponent"),
        pytest.param("boolean", "true", True, id="true"),
        pytest.param("boolean", "false", False, id="false"),
        pytest.param("null", "null", None, id="null"),
        pytest.param(LIST, "new int[]{1, 2}", [1, 2], id="an array"),
        pytest.param(LIST, "new int[] { }", [], id="an empty array"),
        pytest.param(LIST, "new ArrayList<>()", [], id="an empty list"),
        pytest.param(
            LIST, 'new ArrayList<String>(Arrays.asList("a", "b"))', ["a", "b"], id="a list of items"
        ),
        pytest.param(LIST, "new ArrayList<>() {{ add(1); add(x); }}", [1, "x"], id="added items"),
        pytest.param(LIST, "List.of(1.5, null)", [1.5, None], id="a fixed list"),
        pytest.param(LIST, "['a', [true], {k: 1}]", ["a", [True], {"k": 1}], id="JavaScript"),
        pytest.param(LIST, "new Array(1, 2)", [1, 2], id="a JavaScript array"),
        pytest.param(MAP, "new HashMap<>()", {}, id="an empty map"),
        pytest.param(
            MAP,
            'new HashMap<String, List<Integer>>() {{ put("a", 1); put("b", "x\\"y"); }}',
            {"a": 1, "b": 'x"y'},
            id="put entries",
        ),
        pytest.param(MAP, "new HashMap<>() { put('a', 1L) }", {"a": 1}, id="one brace"),
        pytest.param(MAP, 'Map.of("a", 1, "b", 2)', {"a": 1, "b": 2}, id="a fixed map"),
        pytest.param(MAP, "{'a b': 1, c: [2]}", {"a b": 1, "c": [2]}, id="a JavaScript object"),
        pytest.param(MAP, "new Map({a: 1})", {"a": 1}, id="made from another"),
    ],
)
def test_literal_of_the_declared_type_becomes_its_value(
    kind: str, text: str, value: JsonValue
) -> None:
    """A published answer may write its value as source."""
    found = read_source(text, {"type": kind})

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        pytest.param("string", "5", id="text is declared"),
        pytest.param(LIST, "userIds", id="a variable"),
        pytest.param(LIST, "5", id="a value of another type"),
        pytest.param("integer", "5.5", id="a fraction"),
        pytest.param("integer", "1.2.3", id="a version"),
        pytest.param(MAP, "new Path('/x')", id="an object that JSON can't hold"),
        pytest.param(MAP, "new HashMap<>(5)", id="a capacity"),
        pytest.param(MAP, "new HashMap<>() {{ add(1); }}", id="an item for a map"),
        pytest.param(MAP, "new HashMap<>() {{ put(1, 2); }}", id="a key that is no text"),
        pytest.param(MAP, 'new HashMap<>() {{ put("a", 2); }', id="a brace missing"),
        pytest.param(LIST, "getItems(3)", id="a call"),
        pytest.param(LIST, "[1, 2", id="an end missing"),
        pytest.param(LIST, "[1 2]", id="a comma missing"),
        pytest.param(LIST, "[1] + [2]", id="an expression"),
        pytest.param(LIST, "[1] [2]", id="something after it"),
        pytest.param(LIST, ")", id="a bracket"),
        pytest.param(LIST, "", id="nothing"),
        pytest.param(MAP, "{a 1}", id="a colon missing"),
        pytest.param(LIST, "new int[3]", id="a size"),
        pytest.param(MAP, "Map.of(1, 2)", id="a number for a key"),
        pytest.param(MAP, "Map.of('a')", id="a key without a value"),
    ],
)
def test_what_is_no_literal_of_the_type_stays_text(kind: str, text: str) -> None:
    """The leaderboard compares it as the text that it is."""
    assert read_source(text, {"type": kind}) == text


def test_each_allowed_value_is_read_by_its_declaration() -> None:
    """The mark for left out stays, and so does what is no list."""
    schema = {"properties": {"n": {"type": "integer"}}}

    found = plain_inputs({"n": ["5L", "", 7], "x": ["5L"], "y": 3}, schema)

    assert found == {"n": [5, "", 7], "x": ["5L"], "y": 3}
    assert plain_inputs([1], schema) == [1]
