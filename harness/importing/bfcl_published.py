"""Find the leaderboard's files as published: questions, their answers, the function documents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.importing.bfcl_documents import FOLDER as DOCUMENTS
from harness.yaml_source import Problem, SourceError

ANSWERS: Final = "possible_answer"
_SUFFIXES: Final = (".json", ".jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Hold one file of questions and what belongs to it.

    Attributes:
        answers: its answer file; None where none is there.
        documents: the folder of function documents; None where none is there.
    """

    questions: Path
    answers: Path | None
    documents: Path | None


def published(path: Path, answers: Path | None) -> tuple[Published, ...]:
    """Return what a path holds: one file of questions, or all of a folder, by name.

    Args:
        path: a file, or the folder that holds `BFCL_*.json`.
        answers: the answer file of that file, or the folder of answer files; None looks into
            `possible_answer` beside the questions.

    Raises:
        SourceError: the folder holds no file of questions.
    """
    if not path.is_dir():
        return (_belonging(path, answers),)
    files = sorted(
        file
        for file in path.iterdir()
        if file.name.upper().startswith("BFCL_") and file.suffix in _SUFFIXES and file.is_file()
    )
    if not files:
        message = "holds no BFCL_*.json: name a file of questions, or the folder of such files"
        raise SourceError(Problem(file=str(path), line=1, message=message))
    return tuple(_belonging(file, answers) for file in files)


def _belonging(questions: Path, answers: Path | None) -> Published:
    beside = answers if answers is not None else questions.parent / ANSWERS
    if beside.is_dir() or answers is None:
        beside /= questions.name
    named = answers is not None and not answers.is_dir()
    documents = questions.parent / DOCUMENTS
    return Published(
        questions=questions,
        answers=beside if named or beside.is_file() else None,
        documents=documents if documents.is_dir() else None,
    )
