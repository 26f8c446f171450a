"""Inputs are made from schemas: the same each time, accepted, and of many kinds."""

from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.kit.json_value import JsonObject
from runtime.plugins.loader import load_plugin, plugin_names
from runtime.plugins.testing import sample_inputs


def an_object(**members: JsonObject) -> JsonObject:
    """Return a strict schema of members that are all required."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 4}, {3, 4}),
        ({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 6}, {4, 5}),
        ({"type": "boolean"}, {True, False}),
        ({"enum": ["a", "b"]}, {"a", "b"}),
        ({"const": "c"}, {"c"}),
        ({"type": ["string", "null"], "maxLength": 1, "minLength": 1}, {None, "t"}),
        ({"anyOf": [{"type": "integer", "minimum": 7, "maximum": 7}, {"type": "null"}]}, {7}),
        ({"type": "string", "examples": ["such"], "pattern": "^such$"}, {"such"}),
        ({"type": "number", "multipleOf": 0.5, "minimum": 0, "maximum": 1}, {0.5}),
        ({"type": "string", "default": "d"}, {"d"}),
    ],
)
def test_a_value_of_each_kind_is_made(schema: JsonObject, value: set[object]) -> None:
    """Bounds, choices, examples and defaults are used."""
    found = [item["it"] for item in sample_inputs(an_object(it=schema))]

    assert value <= set(found)


def test_what_is_optional_is_left_out_and_given() -> None:
    """Both happen."""
    schema = {"type": "object", "properties": {"it": {"type": "boolean"}}}

    assert sample_inputs(schema) == ({}, {"it": True}, {"it": False})


def test_arrays_and_objects_inside_are_made() -> None:
    """As deep as schemas usually are."""
    inner = an_object(name={"type": "string", "minLength": 1})
    found = sample_inputs(an_object(them={"type": "array", "items": inner, "minItems": 2}))

    assert any(len(item["them"]) == 2 for item in found)
    assert any(len(item["them"]) == 3 for item in found)


def test_hints_stand_where_a_pattern_is() -> None:
    """Ids of a state fit where no text could be made up."""
    schema = an_object(id={"type": "string", "pattern": "^T-[0-9]+$"})

    assert sample_inputs(schema) == ()
    assert sample_inputs(schema, hints=("x", "T-17")) == ({"id": "T-17"},)


def test_a_schema_without_end_is_no_trouble() -> None:
    """What refers to itself is cut off."""
    schema = an_object(it={"$ref": "#/$defs/node"})
    schema["$defs"] = {"node": {"type": "object", "properties": {"it": {"$ref": "#/$defs/node"}}}}

    assert isinstance(sample_inputs(schema), tuple)


@pytest.mark.parametrize("name", plugin_names())
def test_inputs_of_built_in_actions_are_accepted(name: str) -> None:
    """And equal each time."""
    for action in load_plugin(name).actions:
        found = sample_inputs(action.input_schema)

        assert found == sample_inputs(action.input_schema)
        for item in found:
            jsonschema_rs.validate(action.input_schema, item)


@settings(max_examples=60, deadline=None)
@given(low=st.integers(-50, 50), span=st.integers(0, 50), step=st.integers(1, 7))
def test_numbers_stay_within_their_bounds(low: int, span: int, step: int) -> None:
    """Whatever the bounds and the steps are."""
    kind = {"type": "integer", "minimum": low, "maximum": low + span, "multipleOf": step}

    for item in sample_inputs(an_object(it=kind)):
        assert low <= item["it"] <= low + span
        assert item["it"] % step == 0
