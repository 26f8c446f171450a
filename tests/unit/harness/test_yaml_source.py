"""Prove that a file means what it looks like, and that whatever does not is refused by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.yaml_source import (
    MAX_DEPTH,
    MAX_FILE_BYTES,
    Problem,
    SourceError,
    parse_yaml,
    read_yaml,
)
from runtime.public import JsonValue


def refusal(text: str) -> Problem:
    """Return the one problem of a text that must be refused."""
    with pytest.raises(SourceError) as caught:
        parse_yaml(text, shown_as="f.yaml")
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("yes", "yes", id="yes is text"),
        pytest.param("on", "on", id="on is text"),
        pytest.param("true", True, id="true is a boolean"),
        pytest.param("2026-03-02", "2026-03-02", id="a date is text"),
        pytest.param("12:30:00", "12:30:00", id="a time is text, not base sixty"),
        pytest.param("0x10", "0x10", id="hexadecimal is text"),
        pytest.param("010", 10, id="no octal"),
        pytest.param("1_000", "1_000", id="no underscores in numbers"),
        pytest.param("-3", -3, id="negative"),
        pytest.param("1e3", 1000.0, id="exponent"),
        pytest.param(".inf", ".inf", id="infinity is text"),
        pytest.param("~", None, id="tilde is null"),
        pytest.param("'5'", "5", id="quoted stays text"),
        pytest.param("|\n  a\n  b\n", "a\nb\n", id="block text"),
        pytest.param("[1, {a: null}]", [1, {"a": None}], id="flow collections"),
    ],
)
def test_plain_values_are_read_as_json_would(text: str, value: JsonValue) -> None:
    """Scalars resolve by YAML 1.2's core schema, and times stay text."""
    content = parse_yaml(f"k: {text}", shown_as="f").content

    assert content == {"k": value}
    assert type(content["k"]) is type(value)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("", 1, "empty", id="empty file"),
        pytest.param("# only a comment\n", 1, "empty", id="only a comment"),
        pytest.param("a: [1,\nb: 2\nc", 3, "not YAML", id="unclosed list"),
        pytest.param("a: [1, 2", 1, "not YAML", id="the file ends inside a list"),
        pytest.param("a: 1\n\tb: 2\n", 2, "not YAML", id="tab as indentation"),
        pytest.param("a: 1\nb: 'x\n", 2, "not YAML", id="unclosed quote"),
        pytest.param("a: 1\n---\nb: 2\n", 2, "another document", id="second document"),
        pytest.param("a: &x 1\nb: 2\nc: *x\n", 3, "aliases", id="alias"),
        pytest.param("a: 1\nb: *x\n", 2, "aliases", id="alias of nothing"),
        pytest.param("a: 1\nb: &x [*x]\n", 2, "aliases", id="a list that contains itself"),
        pytest.param("a: 1\nb: !!str 5\n", 2, "tag", id="standard tag"),
        pytest.param("a: 1\nb: !own 'x'\n", 2, "tag !own", id="own tag on quoted text"),
        pytest.param("a: 1\nb: !own {c: 1}\n", 2, "tag !own", id="own tag on a mapping"),
        pytest.param("a: 1\nb: !!python/tuple [1]\n", 2, "tag", id="tag of a Python type"),
        pytest.param("a: 1\na: 2\n", 2, "'a' is given twice", id="duplicate key"),
        pytest.param("1: x\n'1': y\n", 2, "'1' is given twice", id="keys alike as text"),
        pytest.param("a: 1\n? [b]\n: 2\n", 2, "a key must be plain text", id="list as key"),
        pytest.param("ä: 1\nb: \x07\n", 2, "not YAML", id="control character"),
        pytest.param(f"a: 1\nb: {'9' * 5_000}\n", 2, "too large", id="5,000 digits"),
        pytest.param("a: 1\nb: 9007199254740993\n", 2, "too large", id="beyond exact integers"),
        pytest.param("a: 1\nb: 1e999\n", 2, "too large", id="overflows to infinity"),
        pytest.param('a: 1\nb: "\\ud800"\n', 2, "not YAML", id="half a character"),
        pytest.param("a:\n  " + "[" * 41 + "]" * 41, 2, "deeper than", id="too deep"),
        pytest.param("a: 1\nb: " + "[" * 500_000, 2, "deeper than", id="deep enough to crash"),
    ],
)
def test_what_is_not_strict_yaml_is_refused_at_its_line(text: str, line: int, message: str) -> None:
    """Every fault names the line on which it stands."""
    problem = refusal(text)

    assert problem.line == line, str(problem)
    assert message in problem.message
    assert str(problem).startswith(f"f.yaml:{line}: ")
    assert "\n" not in problem.message


def test_the_deepest_allowed_nesting_is_read() -> None:
    """The bound itself is allowed."""
    text = "[" * MAX_DEPTH + "]" * MAX_DEPTH

    assert parse_yaml(text, shown_as="f").content is not None


def test_lines_of_values_are_remembered() -> None:
    """A place knows its line; an unknown place takes the line of what is around it."""
    source = parse_yaml("a:\n  - x\n  - b: 1\n    c: 2\n", shown_as="f")

    assert source.line(("a", 1, "c")) == 4
    assert source.line(("a", 1, "missing", "deeper")) == 3
    assert source.line(("nowhere",)) == 1


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    """The system's own words say why."""
    with pytest.raises(SourceError, match=r"shown:1: can't be read: No such file"):
        read_yaml(tmp_path / "missing.yaml", shown_as="shown")


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    """Ten megabytes are no scenario file."""
    path = tmp_path / "large.yaml"
    path.write_bytes(b"a: " + b"x" * 10_000_000)

    with pytest.raises(SourceError, match=rf"1: 10000003 bytes; at most {MAX_FILE_BYTES}"):
        read_yaml(path, shown_as="large.yaml")


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    """The bound itself is allowed."""
    path = tmp_path / "f.yaml"
    path.write_bytes(b"a: ".ljust(MAX_FILE_BYTES, b"x"))

    assert len(read_yaml(path, shown_as="f").content["a"]) == MAX_FILE_BYTES - 3


def test_bytes_that_are_not_utf8_are_refused_at_their_line(tmp_path: Path) -> None:
    """The line of the first bad byte is told."""
    path = tmp_path / "latin.yaml"
    path.write_bytes("a: 1\nb: é\n".encode("latin-1"))

    with pytest.raises(SourceError, match=r"latin\.yaml:2: not UTF-8"):
        read_yaml(path, shown_as="latin.yaml")


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    """Editors that write one do no harm."""
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")

    assert read_yaml(path, shown_as="bom").content == {"a": 1}


def test_problems_are_told_in_the_order_of_their_lines() -> None:
    """A person reads from top to bottom."""
    error = SourceError(
        Problem(file="f", line=9, message="later"), Problem(file="f", line=2, message="sooner")
    )

    assert str(error) == "f:2: sooner\nf:9: later"
