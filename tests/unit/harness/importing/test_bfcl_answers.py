"""Prove what published answers become, and where they loosen a declaration."""

from __future__ import annotations

import pytest

from harness.importing.bfcl_answers import read_inputs
from harness.importing.bfcl_schema import input_schema
from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue

FIELDS: JsonObject = {
    "n": {"type": "integer"},
    "t": {"type": "string"},
    "e": {"type": "string", "enum": ["north-east", "south"]},
    "l": {"type": "array", "items": {"type": "string"}},
    "o": {
        "type": "dict",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
        "required": ["a"],
    },
}


def schema_of(*required: str) -> JsonObject:
    """Declare the fields, some of them required."""
    return input_schema({"properties": FIELDS, "required": list(required)}).schema


@pytest.mark.parametrize(
    ("inputs", "pattern"),
    [
        pytest.param({"n": [5]}, {"n": 5}, id="one number"),
        pytest.param({"n": [5, 6]}, {"n": {"$one_of": [5, 6]}}, id="several numbers"),
        pytest.param({"n": ["", 5]}, {"n": {"$optional": 5}}, id="a number or nothing"),
        pytest.param(
            {"n": [5, "", 6]}, {"n": {"$optional": {"$one_of": [5, 6]}}}, id="numbers or nothing"
        ),
        pytest.param({"n": [""]}, {}, id="nothing"),
        pytest.param({"t": ["Lake Garda"]}, {"t": {"$folded": "Lake Garda"}}, id="a text"),
        pytest.param({"t": ["Rome", "ro-me"]}, {"t": {"$folded": "Rome"}}, id="one text twice"),
        pytest.param({"t": [" -"]}, {"t": " -"}, id="a text of nothing that counts is exact"),
        pytest.param({"e": ["south"]}, {"e": "south"}, id="an enum's value is exact"),
        pytest.param({"e": ["North East"]}, {"e": "north-east"}, id="as the enum spells it"),
        pytest.param({"l": [["a", "b"]]}, {"l": [{"$folded": "a"}, {"$folded": "b"}]}, id="a list"),
        pytest.param({"l": [[], ["a"]]}, {"l": {"$one_of": [[], [{"$folded": "a"}]]}}, id="lists"),
        pytest.param(
            {"o": [{"a": [1, 2], "b": ["x", ""]}]},
            {"o": {"a": {"$one_of": [1, 2]}, "b": {"$optional": {"$folded": "x"}}}},
            id="an object has lists of its own",
        ),
    ],
)
def test_allowed_values_become_matchers(inputs: JsonObject, pattern: JsonObject) -> None:
    """An answer that fits its declaration leaves that as it is."""
    found = read_inputs(inputs, schema_of())

    assert found.pattern == pattern
    assert (found.schema, found.contradictions, found.dropped) == (schema_of(), (), ())


def test_list_of_objects_is_read_inside() -> None:
    """Each object of a list has its own alternatives."""
    schema = input_schema({"properties": {"rows": {"type": "array"}}}).schema

    found = read_inputs({"rows": [[{"k": ["a"], "v": [1, ""]}, {"k": [None]}]]}, schema)

    rows = [{"k": {"$folded": "a"}, "v": {"$optional": 1}}, {"k": None}]
    assert found.pattern == {"rows": rows}
    assert found.schema == schema


def test_required_input_can_not_be_left_out() -> None:
    """As in the benchmark, being required outweighs the mark for left out."""
    assert read_inputs({"n": ["", 5]}, schema_of("n")).pattern == {"n": 5}


@pytest.mark.parametrize(
    ("inputs", "pattern", "dropped"),
    [
        pytest.param({"n": ["5", 5]}, {"n": 5}, "/n: 1 allowed", id="another fits"),
        pytest.param({"n": ["", "5"]}, {}, "/n: 1 allowed", id="it may be left out"),
        pytest.param({"x": ["", 5]}, {}, "/x: not declared, so left out", id="not declared"),
        pytest.param(
            {"o": [{"a": [1, "1"]}]}, {"o": {"a": 1}}, "/o/a: 1 allowed", id="inside an object"
        ),
        pytest.param({"o": [{"a": 1}]}, {"o": {"a": 1}}, "/o/a: its value taken", id="no list"),
    ],
)
def test_allowed_value_that_does_not_fit_is_dropped(
    inputs: JsonObject, pattern: JsonObject, dropped: str
) -> None:
    """A declaration stays strict as long as one answer satisfies it."""
    found = read_inputs(inputs, schema_of())

    assert (found.pattern, found.schema) == (pattern, schema_of())
    assert found.contradictions == ()
    assert [note[: len(dropped)] for note in found.dropped] == [dropped]


@pytest.mark.parametrize(
    ("inputs", "pattern", "name", "declared"),
    [
        pytest.param(
            {"n": [2.5, 3.5, "x"]},
            {"n": {"$one_of": [2.5, 3.5]}},
            "n",
            {"type": ["integer", "number"]},
            id="a fraction for an integer",
        ),
        pytest.param({"x": [1]}, {"x": 1}, "x", {}, id="an undeclared input"),
        pytest.param(
            {"e": ["west"]},
            {"e": "west"},
            "e",
            {"type": "string", "enum": ["north-east", "south", "west"]},
            id="a value beyond the enum",
        ),
        pytest.param(
            {"l": [[1]]},
            {"l": [1]},
            "l",
            {"type": "array", "items": {"type": ["string", "integer"]}},
            id="an item of another type",
        ),
        pytest.param(
            {"l": [[1, "a"]]},
            {"l": [1, {"$folded": "a"}]},
            "l",
            {"type": "array", "items": {"type": ["string", "integer"]}},
            id="an item of another type before one that fits",
        ),
        pytest.param(
            {"o": [{"b": ["x"]}]},
            {"o": {"b": {"$folded": "x"}}},
            "o",
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
                "required": [],
                "additionalProperties": False,
            },
            id="a required field left out",
        ),
    ],
)
def test_contradiction_loosens_the_declaration(
    inputs: JsonObject, pattern: JsonObject, name: str, declared: JsonValue
) -> None:
    """What only a published answer proves too strict is widened, and noted."""
    found = read_inputs(inputs, schema_of())

    assert found.pattern == pattern
    assert found.schema["properties"][name] == declared
    assert len(found.contradictions) == 1
    assert found.contradictions[0].startswith(f"/{name}")


def test_findings_of_all_fields_are_kept() -> None:
    """A later field does not make an earlier one's changes forgotten."""
    widened = read_inputs({"n": [2.5], "t": [3]}, schema_of())
    narrowed = read_inputs({"n": ["5", 5], "t": ["a", 3]}, schema_of())

    assert [note.partition(":")[0] for note in widened.contradictions] == ["/n", "/t"]
    assert [note.partition(":")[0] for note in narrowed.dropped] == ["/n", "/t"]


@pytest.mark.parametrize("inputs", [{}, {"n": [""]}])
def test_answer_without_a_required_input_frees_it(inputs: JsonObject) -> None:
    """A golden call must be able to run."""
    found = read_inputs(inputs, schema_of("n", "t"))

    assert found.pattern == {}
    assert found.schema["required"] == []
    assert [note.split(":")[0] for note in found.contradictions] == ["/n", "/t"]


def test_open_object_takes_any_field() -> None:
    """Fields of an object that declares none are read by their own values."""
    schema = input_schema(
        {"properties": {"o": {"type": "dict", "properties": {}, "additionalProperties": {}}}}
    ).schema

    assert read_inputs({"o": [{"new": ["x"]}]}, schema).contradictions == ()


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        pytest.param([], "expected an object", id="a list of inputs"),
        pytest.param({"n": 5}, "'/n' allows 5, expected a list", id="a bare value"),
        pytest.param({"n": []}, "'/n' allows", id="no value"),
        pytest.param({"o": [{"a": []}]}, "'/o/a' allows", id="no value inside"),
        pytest.param({"$n": [1]}, r"'/\$n'", id="a name like a matcher's"),
    ],
)
def test_answer_of_another_form_is_refused(inputs: JsonValue, why: str) -> None:
    """Nobody guesses what an unknown form might allow."""
    with pytest.raises(UnusableError, match=why):
        read_inputs(inputs, schema_of())
