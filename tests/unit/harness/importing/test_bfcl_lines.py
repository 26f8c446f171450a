"""Prove that each line of a published file is either read or named."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.importing.bfcl_lines import answers_by_id, read_lines
from harness.yaml_source import SourceError
from runtime.public import digest_bytes


def written(folder: Path, content: bytes) -> Path:
    """Write a file of lines."""
    path = folder / "lines.json"
    path.write_bytes(content)
    return path


def test_lines_keep_their_numbers(tmp_path: Path) -> None:
    """Empty lines are counted, and a byte order mark is not content."""
    content = b'\xef\xbb\xbf{"id": "a"}\r\n\n{"id": "b", "ground_truth": [1]}'

    found = read_lines(written(tmp_path, content))

    assert [(line.number, line.id) for line in found.lines] == [(1, "a"), (3, "b")]
    assert found.problems == ()
    assert (found.name, found.digest) == ("lines.json", digest_bytes(content))
    assert answers_by_id(found)["b"].calls == [1]
    assert answers_by_id(found)["a"].calls is None


def test_line_separators_inside_a_text_end_no_line(tmp_path: Path) -> None:
    """Only a line feed ends a line; other separators may stand in a question."""
    found = read_lines(written(tmp_path, '{"id": "a\u2028b"}'.encode()))

    assert [line.id for line in found.lines] == ["a\u2028b"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param(b"{", "not JSON", id="half an object"),
        pytest.param(b'["a"]', "not an object", id="a list"),
        pytest.param(b'{"id": 3}', "no 'id'", id="a number for an id"),
        pytest.param(b'{"id": ""}', "no 'id'", id="an empty id"),
        pytest.param(b'{"id": "a"}', "a: the id is taken by line 1", id="an id used before"),
    ],
)
def test_unusable_line_is_named(tmp_path: Path, line: bytes, why: str) -> None:
    """The problem says file, line and reason; the other lines are read."""
    path = written(tmp_path, b'{"id": "a"}\n' + line + b'\n{"id": "z"}\n')

    found = read_lines(path)

    (problem,) = found.problems
    assert str(problem).startswith(f"{path}:2: ")
    assert why in problem.message
    assert [item.id for item in found.lines] == ["a", "z"]


def test_problem_of_a_line_names_its_id(tmp_path: Path) -> None:
    """Whoever uses a line can say where it stands."""
    found = read_lines(written(tmp_path, b'\n{"id": "a"}'))

    assert str(found.problem(found.lines[0], "why")) == f"{found.shown}:2: a: why"


def test_file_that_is_not_utf_8_is_refused_at_its_line(tmp_path: Path) -> None:
    """A file in another encoding is not guessed at."""
    with pytest.raises(SourceError, match=r"lines\.json:2: not UTF-8"):
        read_lines(written(tmp_path, b'{"id": "a"}\n{"id": "\xff"}'))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """There is nothing to import from a file that is not there."""
    with pytest.raises(SourceError, match="can't be read"):
        read_lines(tmp_path / "none.json")


def test_document_over_several_lines_is_refused(tmp_path: Path) -> None:
    """Indexes stand beside the questions; no line of theirs is worth a message of its own."""
    path = written(tmp_path, b'{\n  "parallel": []\n}\n')

    with pytest.raises(SourceError, match=r"lines\.json:1: one JSON document over several lines"):
        read_lines(path)
