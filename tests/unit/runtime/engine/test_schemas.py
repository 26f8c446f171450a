"""Schemas are compiled once, explain what breaks them, and fill in their defaults."""

from __future__ import annotations

from copy import deepcopy

import pytest

from runtime.domain.errors import DeclarationError
from runtime.engine.schemas import CompiledSchema, example_type
from runtime.kit.json_value import JsonObject, JsonValue


def compiled(schema: JsonValue) -> CompiledSchema:
    """Compile a schema."""
    return CompiledSchema.of(schema, subject="action box.put@1")


OPTIONS: JsonObject = {
    "type": "object",
    "properties": {
        "size": {"type": "integer", "default": 3},
        "box": {
            "type": "object",
            "default": {},
            "properties": {"colour": {"default": "red"}, "any": True},
        },
        "parts": {"type": "array", "items": {"properties": {"n": {"default": 1}}}},
        "pair": {"prefixItems": [{}], "items": {"properties": {"n": {"default": 1}}}},
        "free": {"type": "object"},
    },
}


@pytest.mark.parametrize(
    ("value", "completed"),
    [
        pytest.param({}, {"size": 3, "box": {"colour": "red"}}, id="a default inside a default"),
        pytest.param({"size": 0, "box": {"colour": None}}, None, id="what is there stays"),
        pytest.param(
            {"size": 1, "box": {"any": {}}},
            {"size": 1, "box": {"any": {}, "colour": "red"}},
            id="beside what is there",
        ),
        pytest.param(
            {"size": 1, "box": {"colour": "x"}, "parts": [{}, {"n": 2}, 5]},
            {"size": 1, "box": {"colour": "x"}, "parts": [{"n": 1}, {"n": 2}, 5]},
            id="in each item",
        ),
        pytest.param(
            {"size": 1, "box": "wrong", "pair": [{}], "free": {"x": [1]}, "other": {"y": [{}]}},
            None,
            id="nothing where nothing is declared",
        ),
    ],
)
def test_defaults_fill_what_is_missing(value: JsonObject, completed: JsonObject | None) -> None:
    """Defaults never overwrite, never touch what they were given, and fill in just once."""
    before = deepcopy(value)

    result = compiled(OPTIONS).completed(value)

    assert result == (value if completed is None else completed)
    assert value == before
    assert compiled(OPTIONS).completed(result) == result


def test_a_default_is_copied() -> None:
    """Who changes completed inputs does not change the declaration."""
    compiled(OPTIONS).completed({})["box"]["colour"] = "blue"

    assert OPTIONS["properties"]["box"]["default"] == {}


def test_a_schema_without_properties_fills_nothing() -> None:
    """Most schemas of free objects have no defaults."""
    assert compiled({"type": "object"}).completed({"a": {"b": 1}}) == {"a": {"b": 1}}


def test_problems_point_at_the_value() -> None:
    """Each problem carries the pointer to the value and says what was expected."""
    schema = compiled(
        {
            "properties": {"a/b": {"items": {"type": "integer"}}, "c": {"enum": [1]}},
            "required": ["d"],
        }
    )
    value = {"a/b": [1, "x"], "c": 2}

    problems = {problem.pointer: problem.message for problem in schema.problems(value)}

    assert not schema.accepts(value)
    assert problems == {
        "/a~1b/1": '"x" is not of type "integer"',
        "/c": "2 is not one of 1",
        "": '"d" is a required property',
    }


def test_an_accepted_value_has_no_problems() -> None:
    """What satisfies the schema passes both questions."""
    schema = compiled({"type": "integer"})

    assert schema.accepts(25.0)
    assert schema.problems(25.0) == ()


def test_a_long_message_is_shortened_in_the_middle() -> None:
    """A large value does not flood the refusal, and both ends of the message stay."""
    (problem,) = compiled({"type": "integer"}).problems("x" * 1000)

    assert len(problem.message) < 200
    assert problem.message.startswith('"xxx')
    assert problem.message.endswith('is not of type "integer"')


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        pytest.param({"type": "number?"}, "number?", id="an unknown type"),
        pytest.param({"pattern": "("}, "regex", id="a broken pattern"),
        pytest.param(5, "5 is not of types", id="no schema at all"),
        pytest.param({"enum": [{1}]}, "set", id="not even JSON"),
        pytest.param({"$ref": "#/nowhere"}, "nowhere", id="a reference to nothing"),
        pytest.param({"$ref": "http://127.0.0.1:9/x"}, "disabled", id="a reference to the network"),
        pytest.param({"$ref": "file:///etc/hostname"}, "disabled", id="a reference to a file"),
    ],
)
def test_an_unusable_schema_is_refused_when_compiled(schema: JsonValue, problem: str) -> None:
    """A declaration is checked once, and nothing is fetched for it."""
    with pytest.raises(DeclarationError) as caught:
        compiled(schema)

    assert caught.value.subject == "action box.put@1"
    assert caught.value.problems[0].startswith("schema is invalid: ")
    assert problem in caught.value.problems[0]


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        pytest.param({"type": "integer"}, "integer", id="one type"),
        pytest.param({"type": ["integer", "null"]}, "integer or null", id="two types"),
        pytest.param({"enum": ["a", 1]}, 'one of "a", 1', id="a closed set"),
        pytest.param({}, "value", id="anything"),
    ],
)
def test_an_expected_type_reads_well(schema: JsonObject, name: str) -> None:
    """Messages name a type as people would."""
    assert example_type(schema) == name
