"""Read τ²-bench's tasks: one JSON list in a file, each task with the line that it begins on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.importing.unusable import UnusableError
from harness.yaml_source import Problem, SourceError
from runtime.public import JsonObject, JsonValue, canonical_text, digest_bytes

HARMLESS: Final = frozenset({"calculate", "find", "get", "list", "search", "think", "transfer"})
"""The first words of tools that leave the benchmark's database as it is: lookups, handing over."""

_BETWEEN: Final = re.compile(r"[\s,]*")
_EXPECTED: Final = "expected a list of tasks as data/tau2/domains/<domain>/tasks.json holds it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Hold one reference action.

    Attributes:
        compared: the arguments that count; None where all do.
    """

    name: str
    arguments: JsonObject
    compared: tuple[str, ...] | None

    @property
    def changes(self) -> bool:
        """Say whether the call changes what is stored."""
        return changes_state(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Hold one published task and where it stands.

    Attributes:
        problem: why its form is not understood; empty when it is.
        calls: the agent's reference actions, in order.
        by_user: names of the reference actions that the user carries out.
    """

    line: int
    id: str
    content: JsonObject
    problem: str = ""
    calls: tuple[Call, ...] = ()
    by_user: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """Hold a file's tasks; `shown` is how messages name it, `name` how records do."""

    shown: str
    name: str
    digest: str
    tasks: tuple[Task, ...]

    def problem(self, task: Task, why: str) -> Problem:
        """Say why a task was not used."""
        return Problem(file=self.shown, line=task.line, message=f"task {task.id}: {why}")


def changes_state(tool: str) -> bool:
    """Say whether a tool changes what is stored, by the first word of its name.

    >>> changes_state("get_user_details"), changes_state("cancel_order")
    (False, True)
    """
    return tool.partition("_")[0] not in HARMLESS


def read_tasks(path: Path) -> Tasks:
    """Read a file of tasks.

    Raises:
        SourceError: it can't be read, or is no list of tasks.
    """
    text = read_text(path)
    return Tasks(
        shown=str(path),
        name=path.name,
        digest=digest_bytes(text.encode()),
        tasks=tuple(_task(line, content) for line, content in _items(text, str(path))),
    )


def read_text(path: Path) -> str:
    """Return a file's text.

    Raises:
        SourceError: it can't be read or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SourceError(_at(path, 1, f"can't be read: {error.strerror}")) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SourceError(_at(path, line, "not UTF-8: save the file as UTF-8")) from error


def _items(text: str, shown: str) -> Iterator[tuple[int, JsonValue]]:
    """Yield each item of the list with the line that it begins on."""
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] != "[":
        raise SourceError(_at(shown, text.count("\n", 0, start) + 1, f"no list: {_EXPECTED}"))
    decoder = json.JSONDecoder()
    at = _after(text, start + 1)
    while text[at : at + 1] != "]":
        line = text.count("\n", 0, at) + 1
        try:
            content, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            message = f"not JSON: {error.msg} in the task that begins on line {line}"
            raise SourceError(
                _at(shown, error.lineno, f"{message}; download the file again")
            ) from error
        yield line, content
        at = _after(text, end)


def _after(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match is not None else at


def _task(line: int, content: JsonValue) -> Task:
    if not isinstance(content, dict) or not isinstance(content.get("id"), str | int):
        return Task(
            line=line,
            id="without an id",
            content={},
            problem=f"is no object with an id; {_EXPECTED}",
        )
    name = str(content["id"])
    try:
        calls = list(_calls(content))
    except UnusableError as error:
        return Task(line=line, id=name, content=content, problem=str(error))
    return Task(
        line=line,
        id=name,
        content=content,
        calls=tuple(call for speaker, call in calls if speaker == "assistant"),
        by_user=tuple(call.name for speaker, call in calls if speaker == "user"),
    )


def _calls(content: JsonObject) -> Iterator[tuple[str, Call]]:
    """Yield who carries out each reference action, and the action."""
    criteria = content.get("evaluation_criteria")
    if not isinstance(criteria, dict):
        raise UnusableError("it has no 'evaluation_criteria', which say what must come of it")
    actions = criteria.get("actions") or []
    for action in actions if isinstance(actions, list) else [actions]:
        if (
            not isinstance(action, dict)
            or not isinstance(action.get("name"), str)
            or not isinstance(action.get("arguments"), dict)
        ):
            raise UnusableError(
                f"reference action {canonical_text(action)} has no name or no arguments"
            )
        speaker = action.get("requestor") or "assistant"
        if speaker not in {"assistant", "user"}:
            raise UnusableError(
                f"reference action {action['name']} is requested by {canonical_text(speaker)}, "
                "expected assistant or user"
            )
        compared = action.get("compare_args")
        yield (
            speaker,
            Call(
                name=action["name"],
                arguments=action["arguments"],
                compared=tuple(compared) if isinstance(compared, list) else None,
            ),
        )


def _at(path: Path | str, line: int, message: str) -> Problem:
    return Problem(file=str(path), line=line, message=message)
