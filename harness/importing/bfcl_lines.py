"""Read the Berkeley leaderboard's files: one JSON object a line, an answer file beside it.

A line that can't be used becomes a `Problem` of its own; only a file that can't be read at all
stops an import.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from harness.yaml_source import Problem, SourceError
from runtime.public import JsonObject, JsonValue, digest_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Hold one object of a file and the line that it stands on, counted from one."""

    number: int
    id: str
    content: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Hold a file's usable lines, and a problem for each other one.

    Attributes:
        shown: how messages name the file.
        name: the file's name without its folder, which records may keep.
        digest: SHA-256 of the bytes.
        lines: in the file's order, ids unique.
        problems: of lines that hold no object, no id, or an id that was there before.
    """

    shown: str
    name: str
    digest: str
    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]

    def problem(self, line: Line, why: str) -> Problem:
        """Say why a line was not used."""
        return Problem(file=self.shown, line=line.number, message=f"{line.id}: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold what the answer file says about one question."""

    line: Line
    calls: JsonValue


def read_lines(path: Path) -> Lines:
    """Read a file.

    Raises:
        SourceError: it can't be read or is not UTF-8.
    """
    shown = str(path)
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise SourceError(_at(shown, 1, f"can't be read: {error.strerror}")) from error
    except UnicodeDecodeError as error:
        number = error.object[: error.start].count(b"\n") + 1
        raise SourceError(_at(shown, number, "not UTF-8: save the file as UTF-8")) from error
    _refuse_document(text, shown)
    problems: list[Problem] = []
    return Lines(
        shown=shown,
        name=path.name,
        digest=digest_bytes(content),
        lines=tuple(_usable(text, shown, problems)),
        problems=tuple(problems),
    )


def answers_by_id(lines: Lines) -> dict[str, Answer]:
    """Return the published answers by the id of their question."""
    return {
        line.id: Answer(line=line, calls=line.content.get("ground_truth")) for line in lines.lines
    }


def _refuse_document(text: str, shown: str) -> None:
    """Refuse a file that is one JSON document over several lines, as other files beside are."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    if "\n" in text.strip():
        why = "one JSON document over several lines, expected one question a line: name the "
        raise SourceError(_at(shown, 1, f"{why}file of questions"))


def _usable(text: str, shown: str, problems: list[Problem]) -> Iterator[Line]:
    first: dict[str, int] = {}
    for number, raw in enumerate(text.split("\n"), start=1):
        if not raw.strip():
            continue
        try:
            line = _line(number, raw)
        except ValueError as error:
            problems.append(_at(shown, number, str(error)))
            continue
        if line.id in first:
            why = f"{line.id}: the id is taken by line {first[line.id]}"
            problems.append(_at(shown, number, why))
            continue
        first[line.id] = number
        yield line


def _line(number: int, raw: str) -> Line:
    try:
        content = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ValueError(
            f"not JSON: {error.msg}; expected one object a line, so download the file again"
        ) from error
    if not isinstance(content, dict):
        raise ValueError("not an object; expected one object a line")  # noqa: TRY004  # bad data
    name = content.get("id")
    if not isinstance(name, str) or not name:
        raise ValueError("the object has no 'id', expected a string")
    return Line(number=number, id=name, content=content)


def _at(shown: str, number: int, message: str) -> Problem:
    return Problem(file=shown, line=number, message=message)
