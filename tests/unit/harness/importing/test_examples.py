"""Prove that made-up values fit their schema."""

from __future__ import annotations

import pytest

from harness.importing.bfcl_schema import fits
from harness.importing.examples import example_of_schema
from runtime.public import JsonObject, JsonValue


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        pytest.param({"type": "string", "default": "x"}, "x", id="a default"),
        pytest.param({"type": "string", "enum": ["b", "a"]}, "b", id="an option"),
        pytest.param({"type": "string"}, "example", id="a text"),
        pytest.param({}, "example", id="anything"),
        pytest.param({"type": ["boolean", "string"]}, False, id="the first of several types"),
        pytest.param({"type": "null"}, None, id="null"),
        pytest.param({"type": "integer", "minimum": 3, "maximum": 9}, 3, id="the lowest"),
        pytest.param({"type": "number", "maximum": -2}, -2, id="the highest"),
        pytest.param({"type": "number", "maximum": 9}, 0, id="zero"),
        pytest.param({"type": "integer", "exclusiveMinimum": 4}, 5, id="above a bound"),
        pytest.param({"type": "array", "items": {"type": "integer"}}, [], id="no items"),
        pytest.param(
            {"type": "array", "minItems": 2, "items": {"type": "integer"}}, [0, 0], id="items"
        ),
        pytest.param(
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
                "required": ["a"],
                "additionalProperties": False,
            },
            {"a": 0},
            id="required fields only",
        ),
        pytest.param({"type": "object"}, {}, id="an empty object"),
    ],
)
def test_example_fits(schema: JsonObject, value: JsonValue) -> None:
    """A golden call of made-up values can run."""
    assert example_of_schema(schema) == value
    assert fits(schema, value)
