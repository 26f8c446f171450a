"""Prove how published declarations become JSON Schema, and what is noted about it."""

from __future__ import annotations

import pytest

from harness.importing.bfcl_schema import fits, input_schema, loosened, widened
from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue


def field(source: JsonObject, *, required: bool = False) -> tuple[JsonValue, tuple[str, ...]]:
    """Map a declaration with one field, and return the field's schema and the changes."""
    parameters = {"type": "dict", "properties": {"f": source}}
    mended = input_schema({**parameters, "required": ["f"]} if required else parameters)
    return mended.schema["properties"]["f"], mended.changes


@pytest.mark.parametrize(
    ("source", "schema"),
    [
        pytest.param({"type": "dict"}, {"type": "object"}, id="a dict of anything"),
        pytest.param({"type": "float"}, {"type": "number"}, id="a float"),
        pytest.param({"type": "tuple"}, {"type": "array"}, id="a tuple"),
        pytest.param({"type": "any", "description": "d"}, {"description": "d"}, id="any value"),
        pytest.param({}, {}, id="no type"),
        pytest.param(
            {"type": ["string", "null"]}, {"type": ["string", "null"]}, id="several types"
        ),
        pytest.param({"type": ["string", "any"]}, {}, id="several types, one of them any"),
        pytest.param(
            {"type": "string", "optional": True, "format": "date"},
            {"type": "string", "format": "date"},
            id="words that JSON Schema does not know",
        ),
        pytest.param(
            {"type": "array", "items": {"type": "float", "enum": [1, 2.5]}},
            {"type": "array", "items": {"type": "number", "enum": [1, 2.5]}},
            id="items",
        ),
        pytest.param(
            {
                "type": "dict",
                "properties": {"g": {"type": "float"}},
                "required": ["g", "h"],
                "additionalProperties": {"type": "float"},
            },
            {
                "type": "object",
                "properties": {"g": {"type": "number"}},
                "required": ["g"],
                "additionalProperties": {"type": "number"},
            },
            id="an object, of whose required fields one is not declared",
        ),
        pytest.param(
            {"type": "dict", "properties": {"g": {"required": True}}, "required": True},
            {"type": "object", "properties": {"g": {}}, "additionalProperties": False},
            id="required as a flag",
        ),
        pytest.param({"type": "integer", "enum": []}, {"type": "integer"}, id="an empty enum"),
        pytest.param(
            {"type": "integer", "default": 3}, {"type": "integer", "default": 3}, id="a default"
        ),
    ],
)
def test_declaration_is_mapped(source: JsonObject, schema: JsonObject) -> None:
    """A declaration in Python's words becomes the same declaration in JSON Schema's."""
    assert field(source) == (schema, ())


@pytest.mark.parametrize(
    ("source", "schema", "change"),
    [
        pytest.param(
            {"type": "integer", "default": "3"},
            {"type": "integer"},
            '/f: default "3" dropped, because it breaks its schema',
            id="a default of another type",
        ),
        pytest.param(
            {"type": "string", "enum": ["a"], "default": "b"},
            {"type": "string", "enum": ["a"]},
            '/f: default "b" dropped, because it breaks its schema',
            id="a default outside the enum",
        ),
        pytest.param(
            {"type": "integer", "enum": [1, "2"]},
            {"type": "integer", "enum": [1]},
            "/f: enum values of another type dropped",
            id="an enum of mixed types",
        ),
        pytest.param(
            {"type": "integer", "enum": ["1", "2"]},
            {"type": "integer"},
            "/f: enum dropped, because no value of it has the type",
            id="an enum of another type",
        ),
        pytest.param(
            {"type": "array", "items": {"type": "string"}, "enum": ["a", "b"]},
            {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}},
            "/f: enum moved to the items of the array",
            id="an array's enum of items",
        ),
    ],
)
def test_unsound_part_is_mended_and_noted(
    source: JsonObject, schema: JsonObject, change: str
) -> None:
    """A part that contradicts its own type is repaired by a rule, never silently."""
    assert field(source) == (schema, (change,))


def test_default_of_a_required_input_is_dropped() -> None:
    """The benchmark demands a required input; a default would fill it in unasked."""
    found = field({"type": "boolean", "default": False}, required=True)

    assert found == ({"type": "boolean"}, ("/f: default dropped, because it is required",))


@pytest.mark.parametrize("parameters", [pytest.param({}, id="nothing"), {"type": "dict"}])
def test_inputs_are_a_closed_object(parameters: JsonObject) -> None:
    """A function without declared inputs takes none."""
    closed = {"type": "object", "properties": {}, "additionalProperties": False}

    assert input_schema(parameters).schema == closed
    assert input_schema({**parameters, "additionalProperties": True}).schema == closed


@pytest.mark.parametrize(
    ("source", "why"),
    [
        pytest.param({"type": "hashmap"}, "'/f' has type \"hashmap\", expected", id="a type"),
        pytest.param({"type": 3}, "'/f' has type 3, expected", id="a number for a type"),
        pytest.param({"type": "array", "items": ["string"]}, "'/f/items' is", id="listed items"),
        pytest.param({"properties": []}, "'/f/properties' is", id="listed fields"),
        pytest.param({"properties": {"g": "string"}}, "'/f/g' is", id="a bare type"),
    ],
)
def test_unknown_declaration_is_refused(source: JsonObject, why: str) -> None:
    """Nobody guesses what an unknown type might mean."""
    with pytest.raises(UnusableError, match=why.replace("(", r"\(")):
        field(source)


@pytest.mark.parametrize(
    ("schema", "value", "wider"),
    [
        pytest.param({"type": "integer"}, 2.0, None, id="a whole float is an integer"),
        pytest.param({"type": "integer"}, 2.5, {"type": ["integer", "number"]}, id="a fraction"),
        pytest.param({"type": "number"}, True, {"type": ["number", "boolean"]}, id="a boolean"),
        pytest.param({"type": ["string"]}, None, {"type": ["string", "null"]}, id="null"),
        pytest.param({"enum": ["a"]}, "b", {"enum": ["a", "b"]}, id="beyond the enum"),
        pytest.param({"maximum": 3}, 4, {}, id="above"),
        pytest.param({"minimum": 3}, 2, {}, id="below"),
        pytest.param({"minimum": 3, "maximum": 4}, 3, None, id="at the bound"),
        pytest.param(
            {"maximum": 3, "minLength": 9, "minItems": 9}, None, None, id="no bound of it"
        ),
        pytest.param({"maxLength": 2}, "abc", {}, id="too long"),
        pytest.param({"minLength": 2, "maxLength": 2}, "ab", None, id="long enough"),
        pytest.param({"minLength": 2}, "a", {}, id="too short"),
        pytest.param({"maxItems": 1}, [1, 2], {}, id="too many"),
        pytest.param({"minItems": 1}, [], {}, id="too few"),
        pytest.param({"maximum": "3"}, 4, None, id="a bound that is no number"),
    ],
)
def test_schema_is_loosened_as_far_as_needed(
    schema: JsonObject, value: JsonValue, wider: JsonObject | None
) -> None:
    """What fits changes nothing; what does not is allowed and noted once."""
    mended = loosened(schema, value, "/f")

    assert mended.schema == (schema if wider is None else wider)
    assert len(mended.changes) == (wider is not None)
    assert fits(schema, value) is (wider is None)


@pytest.mark.parametrize(
    ("value", "fit"),
    [
        pytest.param({"n": 1}, True, id="whole"),
        pytest.param({"n": "1"}, False, id="a field of another type"),
        pytest.param({}, False, id="a required field missing"),
        pytest.param({"n": 1, "m": 2}, False, id="a field too many"),
    ],
)
def test_fit_looks_inside(value: JsonObject, *, fit: bool) -> None:
    """A default is sound only if everything in it is."""
    schema = input_schema({"properties": {"n": {"type": "integer"}}, "required": ["n"]}).schema

    assert fits(schema, value) is fit
    assert fits({"items": schema}, [value]) is fit


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        pytest.param(("byte", "short", "long", "Bigint"), "integer", id="whole numbers"),
        pytest.param(("double",), "number", id="other numbers"),
        pytest.param(("char", "String"), "string", id="texts"),
        pytest.param(("Boolean", "bool"), "boolean", id="truth"),
        pytest.param(
            ("Array", "ArrayList", "Queue", "Set", "Stack", "list"), "array", id="collections"
        ),
        pytest.param(("HashMap", "Hashtable"), "object", id="maps"),
    ],
)
def test_types_of_other_languages_are_known(names: tuple[str, ...], kind: str) -> None:
    """Java's and JavaScript's names become JSON Schema's."""
    assert [field({"type": name})[0] for name in names] == [{"type": kind}] * len(names)


def test_any_is_no_type() -> None:
    """Whatever a language calls it, any value will do."""
    assert field({"type": "Any"}) == field({"type": "any"}) == ({}, ())


ROWS: JsonObject = {
    "type": "object",
    "properties": {"rows": {"type": "array", "items": {"type": "integer"}}},
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("value", "changed"),
    [
        pytest.param({"rows": [1, 2]}, [], id="it fits"),
        pytest.param({"rows": [1, "a"]}, ["/rows/1: type string"], id="an item"),
        pytest.param({"rows": "a"}, ["/rows: type string"], id="a field"),
        pytest.param({"new": 3}, ["/new: declared"], id="an undeclared field"),
    ],
)
def test_schema_is_widened_inside(value: JsonValue, changed: list[str]) -> None:
    """What a golden call needs at any depth is allowed and noted, and nothing else."""
    mended = widened(ROWS, value, "")

    assert fits(mended.schema, value)
    assert [note[: len(start)] for note, start in zip(mended.changes, changed, strict=True)] == (
        changed
    )
    assert (mended.schema == ROWS) is not bool(changed)


def test_open_object_needs_no_widening() -> None:
    """What allows anything is left alone, and so is an open object's schema for new fields."""
    open_object: JsonObject = {"type": "object", "additionalProperties": {}}

    assert widened(open_object, {"new": [1]}, "").changes == ()
