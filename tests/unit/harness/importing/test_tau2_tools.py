"""Prove what is inferred about tools from the calls of all tasks."""

from __future__ import annotations

import pytest

from harness.importing.tau2_tasks import Call
from harness.importing.tau2_tools import inferred_schema, inferred_tools
from runtime.public import JsonObject, JsonValue


def a_call(name: str = "lend_book", **arguments: JsonValue) -> Call:
    """Build a call that compares everything."""
    return Call(name=name, arguments=arguments, compared=None)


@pytest.mark.parametrize(
    ("values", "schema"),
    [
        pytest.param(["a", "b"], {"type": "string"}, id="texts"),
        pytest.param([1, 2], {"type": "integer"}, id="integers"),
        pytest.param([1, 2.5], {"type": "number"}, id="an integer and a fraction"),
        pytest.param([2.5, 1], {"type": "number"}, id="the other way round"),
        pytest.param([True, 1], {"type": ["boolean", "integer"]}, id="true is no number"),
        pytest.param([None, "a"], {"type": ["null", "string"]}, id="a text or null"),
        pytest.param([], {}, id="nothing seen"),
        pytest.param([[]], {"type": "array"}, id="an empty list"),
        pytest.param(
            [[1], ["a"]],
            {"type": "array", "items": {"type": ["integer", "string"]}},
            id="items of all lists",
        ),
        pytest.param(
            [{"a": 1, "b": 2}, {"a": 3}],
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
                "required": ["a"],
                "additionalProperties": False,
            },
            id="fields of all objects",
        ),
    ],
)
def test_schema_has_the_types_that_were_seen(values: list[JsonValue], schema: JsonObject) -> None:
    """Options and bounds are never made up."""
    assert inferred_schema(values) == schema


def test_tools_are_inferred_from_all_their_calls() -> None:
    """What every call has is required; the description says what is known."""
    tools = inferred_tools(
        [a_call(book=1, days=3), a_call("get_book", book=1), a_call(book=2), a_call("ping")]
    )

    assert list(tools) == ["get_book", "lend_book", "ping"]
    assert tools["lend_book"].schema == {
        "type": "object",
        "properties": {"book": {"type": "integer"}, "days": {"type": "integer"}},
        "required": ["book"],
        "additionalProperties": False,
    }
    assert tools["lend_book"].description == (
        "Lend book: changes what is stored. Inputs inferred from 2 calls."
    )
    assert tools["get_book"].description == (
        "Get book: changes nothing that is stored. Inputs inferred from 1 call."
    )
    assert tools["ping"].schema["properties"] == {}
