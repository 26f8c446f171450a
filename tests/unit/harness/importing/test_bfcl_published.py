"""Prove which files of a folder belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.importing.bfcl_published import Published, published
from harness.yaml_source import SourceError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Lay files out as they are published."""
    for name in (
        "BFCL_v4_b.json",
        "BFCL_v4_a.jsonl",
        "README.md",
        "BFCL_v4_c.txt",
        "possible_answer/BFCL_v4_b.json",
        "multi_turn_func_doc/math_api.json",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}", encoding="utf-8")
    return tmp_path


def test_folder_is_every_file_of_questions_by_name(folder: Path) -> None:
    """Answers and documents are found where they are published."""
    documents = folder / "multi_turn_func_doc"

    assert published(folder, None) == (
        Published(questions=folder / "BFCL_v4_a.jsonl", answers=None, documents=documents),
        Published(
            questions=folder / "BFCL_v4_b.json",
            answers=folder / "possible_answer" / "BFCL_v4_b.json",
            documents=documents,
        ),
    )


def test_file_finds_its_answers_beside_it(folder: Path) -> None:
    """Nobody has to name what stands where it is published."""
    (found,) = published(folder / "BFCL_v4_b.json", None)

    assert found.answers == folder / "possible_answer" / "BFCL_v4_b.json"


def test_named_answers_are_taken_even_if_missing(folder: Path) -> None:
    """A mistyped name must be complained about, not passed over."""
    (found,) = published(folder / "BFCL_v4_b.json", folder / "typo.json")

    assert found.answers == folder / "typo.json"


def test_answers_may_be_a_folder(folder: Path, tmp_path: Path) -> None:
    """One folder of answers serves all files; a file without one there has none."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "BFCL_v4_a.jsonl").write_text("{}", encoding="utf-8")

    found = published(folder, other)

    assert [item.answers for item in found] == [other / "BFCL_v4_a.jsonl", None]


def test_lonely_file_has_neither_answers_nor_documents(tmp_path: Path) -> None:
    """What is not there is not invented."""
    file = tmp_path / "mine.json"

    assert published(file, None) == (Published(questions=file, answers=None, documents=None),)


def test_folder_without_questions_is_refused(tmp_path: Path) -> None:
    """The message says what to name."""
    with pytest.raises(SourceError, match=r"holds no BFCL_\*.json: name a file of questions"):
        published(tmp_path, None)
