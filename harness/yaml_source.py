"""Read YAML strictly and remember where each value stands.

Stricter than YAML asks for: a key given twice, an alias, a tag or a second document is an error,
only `true` and `false` are booleans, and times stay text, so that a file means what it looks like.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from typing_extensions import override

MAX_FILE_BYTES = 2_000_000
MAX_DEPTH = 40
MAX_NUMBER = {True: 2.0**53 - 1, False: sys.float_info.max}
"""The largest whole number that every JSON reader keeps exact, and the largest other one."""

Place: TypeAlias = tuple[str | int, ...]

CORE_SCALARS = tuple(
    (f"tag:yaml.org,2002:{kind}", re.compile(pattern), first)
    for kind, pattern, first in (
        ("bool", r"^(?:true|false)$", ["t", "f"]),
        ("null", r"^(?:null|~|)$", ["n", "~", ""]),
        ("int", r"^[-+]?[0-9]+$", list("-+0123456789")),
        (
            "float",
            r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
            list("-+.0123456789"),
        ),
    )
)
"""What is not text when it stands plain, with the letters that it may begin with.

Whoever writes files for this reader quotes by the same table.
Source: YAML 1.2.2 §10.3, without octal and hexadecimal numbers, infinity and spellings in capitals.
"""


class _CoreLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # chosen at run time
    """Resolve plain scalars as YAML 1.2's core schema does."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own form


for _tag, _pattern, _first in CORE_SCALARS:
    _CoreLoader.add_implicit_resolver(_tag, _pattern, _first)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """Report one fault of a file; `line` counts from one."""

    file: str
    line: int
    message: str

    @override
    def __str__(self) -> str:
        """Return `file:line: message`, which editors make clickable."""
        return f"{self.file}:{self.line}: {self.message}"


class SourceError(Exception):
    """A file that can't be used, with every problem found in it."""

    def __init__(self, *problems: Problem) -> None:
        """Keep the problems in the order of their lines."""
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlSource:
    """Hold a file's content and the line of each value in it.

    Attributes:
        folder: where the file lies, for files that it names; None for a text that is no file.
    """

    file: str
    content: Any
    lines: dict[Place, int]
    folder: Path | None = None

    def line(self, place: Place) -> int:
        """Return the line of a value, or of the nearest value around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def read_yaml(path: Path, *, shown_as: str) -> YamlSource:
    """Read one file.

    Args:
        path: the file.
        shown_as: how messages call it.

    Raises:
        SourceError: the file is missing, too large, not UTF-8, or not strict YAML.
    """
    source = parse_yaml(_text(path, shown_as), shown_as=shown_as)
    return replace(source, folder=path.parent)


def parse_yaml(text: str, *, shown_as: str) -> YamlSource:
    """Parse YAML text.

    Raises:
        SourceError: the text is not strict YAML.
    """
    try:
        _refuse_fancy(text, shown_as)
        root = yaml.compose(text, Loader=_CoreLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, text.rstrip().count("\n")) + 1 if mark else 1
        raise SourceError(_problem(shown_as, line, f"not YAML: {error.problem}")) from error
    except yaml.YAMLError as error:
        raise SourceError(
            _problem(shown_as, _line_of(error, text), f"not YAML: {str(error).splitlines()[0]}")
        ) from error
    if root is None:
        raise SourceError(_problem(shown_as, 1, "the file is empty"))
    lines: dict[Place, int] = {}
    reader = _Reader(shown_as, lines)
    content = reader.value(root, ())
    return YamlSource(file=shown_as, content=content, lines=lines)


def _refuse_fancy(text: str, shown_as: str) -> None:
    """Refuse what composing would hide (aliases, tags) or die of (nesting) where it stands."""
    depth = 0
    for event in yaml.parse(text, Loader=_CoreLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        message = _fancy(event, depth)
        if message:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise SourceError(_problem(shown_as, line, message))


def _fancy(event: yaml.Event, depth: int) -> str:
    if isinstance(event, yaml.AliasEvent):
        return "aliases (*name) are not allowed: write the value out"
    if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag:
        return f"tag {event.tag} is not allowed: quote what is text"
    return f"nested deeper than {MAX_DEPTH} levels" if depth > MAX_DEPTH else ""


def _line_of(error: yaml.YAMLError, text: str) -> int:
    """Return the line of a character that YAML does not allow; the parser counts in bytes."""
    return text.encode()[: getattr(error, "position", 0)].count(b"\n") + 1


def _text(path: Path, shown_as: str) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise SourceError(
                _problem(
                    shown_as, 1, f"{size} bytes; at most {MAX_FILE_BYTES} are read: split the file"
                )
            )
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SourceError(_problem(shown_as, 1, f"can't be read: {error.strerror}")) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SourceError(_problem(shown_as, line, "not UTF-8: save the file as UTF-8")) from error


def _problem(file: str, line: int, message: str) -> Problem:
    return Problem(file=file, line=line, message=message)


class _Reader:
    """Turn composed nodes into Python values, noting lines and refusing what is not plain."""

    def __init__(self, file: str, lines: dict[Place, int]) -> None:
        self._file = file
        self._lines = lines

    def value(self, node: yaml.Node, place: Place) -> Any:  # noqa: ANN401  # any YAML value
        line = node.start_mark.line + 1
        self._lines.setdefault(place, line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, line)
        raise self._refusal(line, f"{type(node).__name__} is not plain YAML")

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._refusal(line, "a key must be plain text")
            key = str(key_node.value)
            if key in values:
                raise self._refusal(line, f"key '{key}' is given twice")
            self._lines[*place, key] = line
            values[key] = self.value(value_node, (*place, key))
        return values

    def _scalar(self, node: yaml.ScalarNode, line: int) -> str | int | float | bool | None:
        kind = node.tag.rpartition(":")[2]
        text = str(node.value)
        if node.style in {"'", '"', "|", ">"} or kind == "str":
            return text
        if kind == "bool":
            return text == "true"
        if kind == "null":
            return None
        return self._number(text, line, whole=kind == "int")

    def _number(self, text: str, line: int, *, whole: bool) -> int | float:
        if abs(float(text)) > MAX_NUMBER[whole]:
            raise self._refusal(line, f"number {text[:40]} is too large to be exact: quote it")
        return int(text) if whole else float(text)

    def _refusal(self, line: int, message: str) -> SourceError:
        return SourceError(_problem(self._file, line, message))
