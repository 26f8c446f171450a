"""Prove which other values are made out of a value."""

from __future__ import annotations

import pytest

from harness.strength.entities import Collection
from harness.strength.values import altered, retargeted, without_member
from runtime.public import JsonObject, JsonValue

TICKETS = Collection(name="tickets", ids=("t_1", "t_2", "t_3", "t_4"))
AGENTS = Collection(name="agents", ids=("a_1", "a_2"))
BOTH = (TICKETS, AGENTS)


@pytest.mark.parametrize(
    ("value", "schema", "others"),
    [
        pytest.param(5, {}, [6, 4, -5], id="number"),
        pytest.param(True, {}, [False], id="boolean"),
        pytest.param("low", {"enum": ["low", "mid", "high"]}, ["mid", "high"], id="enum"),
        pytest.param("t_1", {}, ["t_1 x", "something else", "a_1"], id="id of another kind"),
        pytest.param(None, {}, ["t_1", "a_1", 0], id="nobody"),
        pytest.param(
            ["a", "b"],
            {"items": {"enum": ["a", "b"]}},
            [["b", "b"], ["a", "a"], ["b"], ["a"], ["a", "b", "b"], ["b", "a"]],
            id="list",
        ),
        pytest.param([], {}, [], id="empty list"),
        pytest.param(object, {}, [], id="what is no JSON"),
        pytest.param(
            {"in": {"n": 1}},
            {"properties": {"in": {"properties": {"n": {"enum": [1, 7]}}}}},
            [{"in": {"n": 7}}],
            id="nested leaf with its own schema",
        ),
        pytest.param(
            {"in": {"l": ["a"]}},
            {"properties": {"in": {"additionalProperties": {"items": {"enum": ["a"]}}}}},
            [{"in": {"l": []}}, {"in": {"l": ["a", "a"]}}],
            id="nested list",
        ),
    ],
)
def test_one_place_is_altered_at_a_time(
    value: JsonValue, schema: JsonObject, others: list[JsonValue]
) -> None:
    """Each other value differs in one leaf, or one list in its items."""
    assert list(altered(value, schema, BOTH)) == others


def test_only_ids_are_retargeted() -> None:
    """At most two other entities of the same kind are tried, at any depth."""
    value = {"ticket": "t_2", "note": "t_9", "links": ["t_1"]}

    found = list(retargeted(value, {}, BOTH))

    assert [item["ticket"] for item in found] == ["t_1", "t_3", "t_2", "t_2"]
    assert [item["links"] for item in found] == [["t_1"], ["t_1"], ["t_2"], ["t_3"]]


def test_one_member_is_left_out_at_any_depth() -> None:
    """Objects in lists and in objects lose members as well."""
    value: JsonObject = {"a": 1, "in": {"b": 2}, "l": [{"c": 3}, 4]}

    assert list(without_member(value)) == [
        {"in": {"b": 2}, "l": [{"c": 3}, 4]},
        {"a": 1, "l": [{"c": 3}, 4]},
        {"a": 1, "in": {}, "l": [{"c": 3}, 4]},
        {"a": 1, "in": {"b": 2}},
        {"a": 1, "in": {"b": 2}, "l": [{}, 4]},
    ]
