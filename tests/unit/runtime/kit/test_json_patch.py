"""Tests of JSON patches."""

import pytest

from runtime.kit.json_patch import Operation, PatchError, apply, diff
from runtime.kit.json_value import JsonObject, JsonValue


@pytest.mark.parametrize(
    ("before", "after", "operations"),
    [
        pytest.param({"a": 1}, {"a": 1.0}, [], id="another spelling of a number"),
        pytest.param({"a": [1]}, {"a": [1.0]}, [], id="another spelling inside an array"),
        pytest.param(True, 1, [{"op": "replace", "path": "", "value": 1}], id="the root"),
        pytest.param(
            [1],
            {},
            [{"op": "replace", "path": "", "value": {}}],
            id="array to object",
        ),
        pytest.param(
            {},
            [1],
            [{"op": "replace", "path": "", "value": [1]}],
            id="object to array",
        ),
        pytest.param(
            {"b": 1, "c": 2, "d": 3},
            {"a": None, "c": True, "d": 3},
            [
                {"op": "add", "path": "/a", "value": None},
                {"op": "remove", "path": "/b"},
                {"op": "replace", "path": "/c", "value": True},
            ],
            id="keys in sorted order",
        ),
        pytest.param({"a": None}, {}, [{"op": "remove", "path": "/a"}], id="null removed"),
        pytest.param(
            {"a/b": {"~": 1}},
            {"a/b": {"~": 2}},
            [{"op": "replace", "path": "/a~1b/~0", "value": 2}],
            id="escaped keys",
        ),
        pytest.param(
            [1, 2, 3], [1, 9, 2, 3], [{"op": "add", "path": "/1", "value": 9}], id="item inserted"
        ),
        pytest.param([1, 2, 3], [1, 3], [{"op": "remove", "path": "/1"}], id="item removed"),
        pytest.param(
            [1, 1], [1, 1, 1], [{"op": "add", "path": "/2", "value": 1}], id="one more of the same"
        ),
        pytest.param(
            [0, 1, 2, 3],
            [0],
            [{"op": "remove", "path": f"/{i}"} for i in (3, 2, 1)],
            id="cut",
        ),
        pytest.param(
            [1, {"k": 1, "l": 2}, 3],
            [1, {"k": 5, "l": 2}, 3],
            [{"op": "replace", "path": "/1/k", "value": 5}],
            id="inside an item",
        ),
        pytest.param(
            [1, 2],
            [3, 4, 5],
            [
                {"op": "replace", "path": "/0", "value": 3},
                {"op": "replace", "path": "/1", "value": 4},
                {"op": "add", "path": "/2", "value": 5},
            ],
            id="all items",
        ),
    ],
)
def test_diff_names_what_changed(
    before: JsonValue, after: JsonValue, operations: list[Operation]
) -> None:
    """Operations are few, in a fixed order, and lead to the other document."""
    assert diff(before, after) == operations
    assert apply(operations, before) == after


def test_diff_does_not_look_into_what_is_shared() -> None:
    """Identity ends the comparison: even a value unequal to itself is no change."""
    shared = {"x": float("nan")}

    assert diff({"a": shared, "b": 1}, {"a": shared, "b": 2}) == [
        {"op": "replace", "path": "/b", "value": 2}
    ]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        pytest.param(
            {"op": "add", "path": "/c", "value": 1},
            {"a": [1, 2], "b": {"k": 3}, "c": 1},
            id="add a key",
        ),
        pytest.param(
            {"op": "add", "path": "/b", "value": None},
            {"a": [1, 2], "b": None},
            id="add over a key",
        ),
        pytest.param(
            {"op": "add", "path": "/a/0", "value": 0}, {"a": [0, 1, 2], "b": {"k": 3}}, id="insert"
        ),
        pytest.param(
            {"op": "add", "path": "/a/2", "value": 9},
            {"a": [1, 2, 9], "b": {"k": 3}},
            id="add at the end",
        ),
        pytest.param(
            {"op": "add", "path": "/a/-", "value": 9}, {"a": [1, 2, 9], "b": {"k": 3}}, id="append"
        ),
        pytest.param({"op": "add", "path": "", "value": 9}, 9, id="add the document"),
        pytest.param(
            {"op": "remove", "path": "/a/0"}, {"a": [2], "b": {"k": 3}}, id="remove an item"
        ),
        pytest.param(
            {"op": "remove", "path": "/b/k"},
            {"a": [1, 2], "b": {}},
            id="remove a key",
        ),
        pytest.param(
            {"op": "replace", "path": "/a/1", "value": 9},
            {"a": [1, 9], "b": {"k": 3}},
            id="replace an item",
        ),
        pytest.param(
            {"op": "replace", "path": "", "value": []},
            [],
            id="replace the document",
        ),
        pytest.param(
            {"op": "move", "from": "/b/k", "path": "/a/0"}, {"a": [3, 1, 2], "b": {}}, id="move"
        ),
        pytest.param(
            {"op": "move", "from": "/a/0", "path": "/a/1"},
            {"a": [2, 1], "b": {"k": 3}},
            id="move within an array",
        ),
        pytest.param(
            {"op": "move", "from": "/b", "path": "/b"},
            {"a": [1, 2], "b": {"k": 3}},
            id="move to itself",
        ),
        pytest.param(
            {"op": "move", "from": "/b", "path": "/bc"},
            {"a": [1, 2], "bc": {"k": 3}},
            id="move to a longer name",
        ),
        pytest.param(
            {"op": "move", "from": "/b", "path": ""},
            {"k": 3},
            id="move to the root",
        ),
        pytest.param(
            {"op": "copy", "from": "/a", "path": "/b/k"},
            {"a": [1, 2], "b": {"k": [1, 2]}},
            id="copy",
        ),
        pytest.param(
            {"op": "test", "path": "/a/0", "value": 1.0},
            {"a": [1, 2], "b": {"k": 3}},
            id="test by meaning",
        ),
        pytest.param(
            {"op": "test", "path": "/b", "value": {"k": 3}, "note": 1},
            {"a": [1, 2], "b": {"k": 3}},
            id="other members",
        ),
    ],
)
def test_each_kind_of_operation_applies(operation: Operation, expected: JsonValue) -> None:
    """The six kinds do what the RFC says, on a copy."""
    document: JsonObject = {"a": [1, 2], "b": {"k": 3}}

    assert apply([operation], document) == expected
    assert document == {"a": [1, 2], "b": {"k": 3}}


@pytest.mark.parametrize(
    ("operation", "path", "reason"),
    [
        pytest.param(
            {"op": "merge", "path": "/a"},
            "/a",
            "op is 'merge', expected add, remove",
            id="unknown op",
        ),
        pytest.param(
            {"op": ["add"], "path": "/a"}, "/a", r"op is \['add'\]", id="op of another type"
        ),
        pytest.param({}, "", "op is None", id="no op"),
        pytest.param(
            {"op": "add", "value": 1}, "", "'path' is None, expected a pointer", id="no path"
        ),
        pytest.param(
            {"op": "move", "path": "/a", "from": 3}, "/a", "'from' is 3", id="from of another type"
        ),
        pytest.param({"op": "add", "path": "/c"}, "/c", "has no 'value'", id="no value"),
        pytest.param(
            {"op": "add", "path": "c", "value": 1}, "c", "does not start with '/'", id="bad pointer"
        ),
        pytest.param(
            {"op": "add", "path": "/x/y", "value": 1},
            "/x/y",
            "no key 'x'",
            id="add without a parent",
        ),
        pytest.param(
            {"op": "add", "path": "/a/3", "value": 1},
            "/a/3",
            "no item '3'",
            id="add beyond the end",
        ),
        pytest.param(
            {"op": "add", "path": "/a/0/x", "value": 1},
            "/a/0/x",
            "looked up in a int",
            id="add into a number",
        ),
        pytest.param(
            {"op": "remove", "path": "/x"}, "/x", "no key 'x'", id="remove what is not there"
        ),
        pytest.param(
            {"op": "remove", "path": ""}, "", "names the whole document", id="remove the document"
        ),
        pytest.param(
            {"op": "replace", "path": "/x", "value": 1},
            "/x",
            "no key 'x'",
            id="replace what is not there",
        ),
        pytest.param(
            {"op": "replace", "path": "/a/-", "value": 1},
            "/a/-",
            "no item '-'",
            id="replace after the end",
        ),
        pytest.param(
            {"op": "move", "from": "/x", "path": "/a"},
            "/x",
            "no key 'x'",
            id="move what is not there",
        ),
        pytest.param(
            {"op": "move", "from": "/x", "path": "/x"},
            "/x",
            "no key 'x'",
            id="move nothing to itself",
        ),
        pytest.param(
            {"op": "move", "from": "/b", "path": "/b/k"},
            "/b/k",
            "is inside '/b'",
            id="move into itself",
        ),
        pytest.param(
            {"op": "move", "from": "", "path": "/b"},
            "/b",
            "is inside ''",
            id="move the document into itself",
        ),
        pytest.param(
            {"op": "copy", "from": "/x", "path": "/c"},
            "/x",
            "no key 'x'",
            id="copy what is not there",
        ),
        pytest.param(
            {"op": "test", "path": "/a/0", "value": True},
            "/a/0",
            "the value differs",
            id="failed test",
        ),
        pytest.param(
            {"op": "test", "path": "/x", "value": None},
            "/x",
            "no key 'x'",
            id="test what is not there",
        ),
    ],
)
def test_an_operation_that_can_not_be_applied_refuses_the_patch(
    operation: Operation, path: str, reason: str
) -> None:
    """The error names the operation, the place and the reason; nothing was changed."""
    document: JsonObject = {"a": [1, 2], "b": {"k": 3}}

    with pytest.raises(PatchError, match=reason) as caught:
        apply([{"op": "remove", "path": "/a/1"}, operation], document)

    assert (caught.value.index, caught.value.path) == (1, path)
    assert str(caught.value).startswith(f"operation 1 at {path!r}: ")
    assert document == {"a": [1, 2], "b": {"k": 3}}


def test_a_copy_is_independent_of_its_source() -> None:
    """A change after the copy shows in one place only, though both were made in this patch."""
    operations: list[Operation] = [
        {"op": "add", "path": "/a/x", "value": 1},
        {"op": "copy", "from": "/a", "path": "/b"},
        {"op": "add", "path": "/b/y", "value": 2},
        {"op": "add", "path": "/a/z", "value": 3},
    ]

    assert apply(operations, {"a": {}}) == {"a": {"x": 1, "z": 3}, "b": {"x": 1, "y": 2}}


def test_a_value_added_is_not_changed_by_later_operations() -> None:
    """The operations can be applied again."""
    added: JsonObject = {}

    apply(
        [
            {"op": "add", "path": "/a", "value": added},
            {"op": "add", "path": "/a/x", "value": 1},
        ],
        {},
    )

    assert added == {}


def test_the_document_may_move_to_itself() -> None:
    """Moving a place to itself changes nothing, even where removing would be refused."""
    assert apply([{"op": "move", "from": "", "path": ""}], {"a": 1}) == {"a": 1}


def test_what_no_operation_touches_is_shared() -> None:
    """A state of many parts is not copied for a change in one."""
    document: JsonObject = {"a": {"x": 1}, "b": {"y": {}}}

    changed = apply([{"op": "replace", "path": "/a/x", "value": 2}], document)

    assert changed["b"] is document["b"]


def test_integers_beyond_64_bits_are_compared() -> None:
    """What orjson can't spell is walked instead."""
    assert diff({"a": [2**70]}, {"a": [2**70]}) == []
    assert diff({"a": [2**70]}, {"a": [1]}) == [{"op": "replace", "path": "/a/0", "value": 1}]


def test_no_operations_give_the_document_itself() -> None:
    """Nothing to do copies nothing."""
    document: JsonObject = {}

    assert apply([], document) is document


def test_a_value_is_copied_into_itself_as_it_was() -> None:
    """Also where the patch wrote into it before: no value ever holds itself."""
    operations: list[Operation] = [
        {"op": "add", "path": "/0", "value": None},
        {"op": "copy", "from": "", "path": "/0"},
        {"op": "add", "path": "/0/-", "value": 1},
    ]

    assert apply(operations, []) == [[None, 1], None]
