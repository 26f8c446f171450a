"""Tests of JSON pointers."""

import pytest

from runtime.kit.json_pointer import PointerError, covers, get, join, parse, remove, set_value
from runtime.kit.json_value import JsonObject, JsonValue


def a_document() -> JsonObject:
    """Return a document with each kind of container, and keys that need escapes."""
    return {"tickets": [{"id": "t-1"}, {"id": "t-2"}], "a/b": {"~": 0}, "": {"": 1}, "*": None}


@pytest.mark.parametrize(
    ("pointer", "tokens"),
    [
        pytest.param("", (), id="the document"),
        pytest.param("/", ("",), id="the empty key"),
        pytest.param("/a/0/-", ("a", "0", "-"), id="keys and indices"),
        pytest.param("/a~1b/~0/~01", ("a/b", "~", "~1"), id="escapes, in the right order"),
        pytest.param("//", ("", ""), id="two empty keys"),
    ],
)
def test_pointers_parse_and_join(pointer: str, tokens: tuple[str, ...]) -> None:
    """Joining is the inverse of parsing."""
    assert parse(pointer) == tokens
    assert join(tokens) == pointer


@pytest.mark.parametrize(
    ("pointer", "reason"),
    [
        pytest.param("a", "does not start with '/'", id="no slash"),
        pytest.param("#/a", "does not start with '/'", id="fragment form"),
        pytest.param("/a~", "has a bare '~'", id="tilde at the end"),
        pytest.param("/a~2", "has a bare '~'", id="unknown escape"),
    ],
)
def test_malformed_pointer_is_refused(pointer: str, reason: str) -> None:
    """The error names the pointer and the fault."""
    with pytest.raises(PointerError, match=reason) as caught:
        parse(pointer)

    assert caught.value.pointer == pointer
    assert str(caught.value) == f"pointer {pointer!r}: {caught.value.reason}"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        pytest.param("/tickets/1/id", "t-2", id="through an array"),
        pytest.param("/a~1b/~0", 0, id="escaped keys"),
        pytest.param("//", 1, id="empty keys"),
        pytest.param("/*", None, id="a star is a plain key, and null a value"),
        pytest.param("", a_document(), id="the document"),
    ],
)
def test_get_returns_what_is_named(pointer: str, value: JsonValue) -> None:
    """Every value of a document has a pointer."""
    assert get(a_document(), pointer) == value


@pytest.mark.parametrize(
    ("pointer", "reason"),
    [
        pytest.param("/missing", "the object has no key 'missing'", id="missing key"),
        pytest.param("/tickets/2", "has no item '2', expected an index below 2", id="past the end"),
        pytest.param("/tickets/-", "has no item '-'", id="the place after the end"),
        pytest.param("/tickets/01", "has no item '01'", id="leading zero"),
        pytest.param("/tickets/-1", "has no item '-1'", id="negative index"),
        pytest.param("/tickets/+1", "has no item", id="signed index"),
        pytest.param("/tickets/\u0661", "has no item", id="digit of another script"),
        pytest.param("/tickets/" + "9" * 5000, "has no item", id="absurdly long index"),
        pytest.param("/tickets/0/id/0", "'0' is looked up in a str", id="inside a text"),
        pytest.param("/*/x", "'x' is looked up in a NoneType", id="inside null"),
    ],
)
def test_a_missing_place_is_refused_by_every_access(pointer: str, reason: str) -> None:
    """Reading and removing name the token that is missing."""
    for access in (get, remove):
        with pytest.raises(PointerError, match=reason.replace("+", r"\+")) as caught:
            access(a_document(), pointer)
        assert caught.value.pointer == pointer


@pytest.mark.parametrize(
    ("prefix", "pointer", "covered"),
    [
        pytest.param("/a", "/a", True, id="itself"),
        pytest.param("/a", "/a/b/c", True, id="below"),
        pytest.param("", "/a", True, id="the document covers all"),
        pytest.param("", "", True, id="the document covers itself"),
        pytest.param("/a/b", "/a", False, id="above"),
        pytest.param("/a", "/ab", False, id="a longer name"),
        pytest.param("/a", "/b/a", False, id="elsewhere"),
        pytest.param("/t/*/status", "/t/1/status", True, id="star"),
        pytest.param("/t/*/status", "/t/1/status/code", True, id="below a star's path"),
        pytest.param("/t/*/status", "/t/1/owner", False, id="beside a star's path"),
        pytest.param("/t/*/status", "/t/status", False, id="a star is exactly one token"),
        pytest.param("/t/*", "/t", False, id="a star is not nothing"),
        pytest.param("/*/*", "/a/b", True, id="two stars"),
        pytest.param("/t/a*", "/t/ab", False, id="a star inside a token is itself"),
        pytest.param("/t/x", "/t/*", False, id="a star in the pointer is a plain key"),
        pytest.param("/a~1b", "/a~1b/c", True, id="escapes"),
        pytest.param("/a~1b", "/a/b", False, id="an escaped slash separates nothing"),
    ],
)
def test_covers_what_is_at_or_below_the_prefix(prefix: str, pointer: str, *, covered: bool) -> None:
    """A declared place covers itself and what it holds, and nothing else."""
    assert covers(prefix, pointer) is covered


@pytest.mark.parametrize(("prefix", "pointer"), [("a", "/a"), ("/a", "a"), ("", "a")])
def test_covers_refuses_malformed_pointers(prefix: str, pointer: str) -> None:
    """A typing error in a declaration is found, not taken for a place that is never changed."""
    with pytest.raises(PointerError, match="does not start"):
        covers(prefix, pointer)


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        pytest.param("", "new", id="the document"),
        pytest.param("/b", {"a": [1, {"k": 2}], "b": "new"}, id="new key"),
        pytest.param("/a", {"a": "new"}, id="known key"),
        pytest.param("/a/0", {"a": ["new", {"k": 2}]}, id="item"),
        pytest.param("/a/-", {"a": [1, {"k": 2}, "new"]}, id="append"),
        pytest.param("/a/1/k", {"a": [1, {"k": "new"}]}, id="inside an item"),
        pytest.param("/-", {"a": [1, {"k": 2}], "-": "new"}, id="a dash is a key of an object"),
    ],
)
def test_set_value_returns_a_changed_document(pointer: str, expected: JsonValue) -> None:
    """The document that came in stays as it was."""
    document = {"a": [1, {"k": 2}]}

    assert set_value(document, pointer, "new") == expected
    assert document == {"a": [1, {"k": 2}]}


@pytest.mark.parametrize("pointer", ["/x/y", "/a/2", "/a/5/k", "/a/0/k", "/a/-/k", "a"])
def test_set_value_makes_no_parents(pointer: str) -> None:
    """Only the last token may be new, and an array has no gaps."""
    with pytest.raises(PointerError):
        set_value({"a": [1, {"k": 2}]}, pointer, "new")


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        pytest.param("/a", {"b": 1}, id="key"),
        pytest.param("/a/0", {"a": [{"k": 2}], "b": 1}, id="item"),
        pytest.param("/a/1/k", {"a": [1, {}], "b": 1}, id="inside an item"),
    ],
)
def test_remove_returns_a_smaller_document(pointer: str, expected: JsonValue) -> None:
    """The document that came in stays as it was."""
    document = {"a": [1, {"k": 2}], "b": 1}

    assert remove(document, pointer) == expected
    assert document == {"a": [1, {"k": 2}], "b": 1}


def test_the_whole_document_can_not_be_removed() -> None:
    """Nothing would be left to return."""
    with pytest.raises(PointerError, match="names the whole document"):
        remove({}, "")


def test_what_the_path_does_not_touch_is_shared() -> None:
    """Writing copies the containers on the way and nothing beside it."""
    document: JsonObject = {"a": {"x": 1}, "b": {"y": {}}}

    changed = set_value(document, "/a/x", 2)

    assert changed["b"] is document["b"]
    assert changed["a"] is not document["a"]
