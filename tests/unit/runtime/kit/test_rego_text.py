"""The words of Rego modules, and texts that only look like modules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.kit.rego_text import (
    Reference,
    RegoTextError,
    TokenKind,
    holds_tests,
    package_of,
    references,
    tokens,
)


def _found(text: str) -> list[Reference]:
    return list(references(list(tokens(text))))


def _dotted(text: str) -> list[str]:
    return [reference.dotted for reference in _found(text)]


@given(st.text(max_size=60) | st.text('package a.b["c"](x) := `d` # e\n$1', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else happens, and pieces lie where they say, in order, on their lines."""
    try:
        pieces = list(tokens(text))
    except RegoTextError:
        return
    ends = 0
    for piece in pieces:
        assert text[piece.start : piece.end] == piece.text
        assert piece.start >= ends
        assert piece.line == text[: piece.start].count("\n") + 1
        ends = piece.end
    assert all(reference.path for reference in references(pieces))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ('"a \\" b"', [TokenKind.TEXT]),
        ('`a " b\n c`', [TokenKind.TEXT]),
        ("1.5 2e9", [TokenKind.NUMBER, TokenKind.NUMBER]),
        # a sign ends a number, so that no name can hide behind one
        ("1e-data", [TokenKind.NUMBER, TokenKind.SIGN, TokenKind.WORD]),
        ("a:=b", [TokenKind.WORD, TokenKind.SIGN, TokenKind.WORD]),
        ("# a b\nc", [TokenKind.WORD]),
        ("", []),
    ],
)
def test_pieces_have_kinds(text: str, kinds: list[TokenKind]) -> None:
    """Words in texts and comments are no words."""
    assert [piece.kind for piece in tokens(text)] == kinds


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param('a := "b', 1, "begins nothing", id="a text that does not end"),
        pytest.param('a\nb := "c\nd"', 2, "begins nothing", id="a text over two lines"),
        pytest.param("a\n\nb := `c\n", 3, "begins nothing", id="a raw text that does not end"),
        pytest.param('a := $"{data.x}"', 1, "template", id="a template"),
        pytest.param("a := $`{data.x}`", 1, "template", id="a raw template"),
        pytest.param("a\\b", 1, "begins nothing", id="a stray backslash"),
        pytest.param("a\0b", 1, "begins nothing", id="a NUL"),
    ],
)
def test_what_hides_words_is_refused(text: str, line: int, said: str) -> None:
    """Whatever a reader of words could not look into is told with its line."""
    with pytest.raises(RegoTextError, match=said) as refusal:
        list(tokens(text))

    assert refusal.value.line == line
    assert str(refusal.value) == f"line {line}: {refusal.value.problem}"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("package a", ("a",)),
        ("# head\n\npackage a.b.c\nx := 1", ("a", "b", "c")),
        ('package a["b"].c', ("a", "b", "c")),
    ],
)
def test_a_package_is_the_first_statement(text: str, path: tuple[str, ...]) -> None:
    """Comments may stand before it."""
    assert package_of(list(tokens(text))).path == path


@pytest.mark.parametrize(
    "text",
    ["", "x := 1", "import a\npackage b", "package", 'package "a"', "package a[b]", "package [a]"],
)
def test_a_module_without_a_plain_package_is_refused(text: str) -> None:
    """Who can't say where it stands is not looked at."""
    with pytest.raises(RegoTextError):
        package_of(list(tokens(text)))


@pytest.mark.parametrize(
    ("text", "dotted"),
    [
        ("data.a.b", ["data.a.b"]),
        ('data["a"].b', ["data.a.b"]),
        ('data["a"]["b"]', ["data.a.b"]),
        ("data . a\n. b", ["data.a.b"]),
        ("data[`a`].b", ["data"]),
        ("data[a].b", ["data", "a"]),
        ('data["a b"].c', ["data"]),
        ("a[b].c.d", ["a", "b"]),
        ('x := ["a"]', ["x"]),
        ('x in y ["a"]', ["x", "in", "y"]),
        ('"data.a"', []),
        ("# data.a", []),
    ],
)
def test_references_are_found_as_far_as_they_are_written_out(text: str, dotted: list[str]) -> None:
    """Members by dots and by plain quoted names belong to them; anything else is computed."""
    assert _dotted(text) == dotted


@pytest.mark.parametrize(
    ("text", "computed", "called", "imported"),
    [
        ("a.b", False, False, False),
        ("a.b[c]", True, False, False),
        ("a.b(c)", False, True, False),
        ("a.b (c)", False, True, False),
    ],
)
def test_what_follows_a_reference_is_told(
    *, text: str, computed: bool, called: bool, imported: bool
) -> None:
    """Computed members and arguments are what callers refuse or look up."""
    first = _found(text)[0]

    assert (first.computed, first.called, first.imported) == (computed, called, imported)


def test_an_import_is_told_from_a_use() -> None:
    """The same words mean another thing there."""
    assert [item.imported for item in _found("import data.a\nx := data.a")] == [
        False,
        True,
        False,
        False,
    ]


def test_a_reference_knows_its_place() -> None:
    """Callers replace words where they stand."""
    text = 'x := 1\ny := data["a"].b + 1'
    (reference,) = [item for item in _found(text) if item.path[0] == "data"]

    assert text[reference.start : reference.end] == 'data["a"].b'
    assert reference.line == 2


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("package tenant.organization_test", True),
        ("package a.b_test\nx := 1", True),
        ("package a_test.b", False),
        ("package a.tests", False),
    ],
)
def test_modules_of_tests_are_told_by_their_package(*, text: str, holds: bool) -> None:
    """The last part of the package says it."""
    assert holds_tests(text) is holds
