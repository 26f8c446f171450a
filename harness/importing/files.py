"""Write imported environments and scenarios as YAML that our reader takes back unchanged.

Every file begins with a line that says who wrote it; a folder with any other file is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import yaml
from typing_extensions import override

from harness.loader import ENVIRONMENT_SUFFIX
from harness.yaml_source import CORE_SCALARS, MAX_FILE_BYTES, YamlSource, parse_yaml
from runtime.public import JsonObject, JsonValue

MARK: Final = "# Written by `plangate eval import"
LARGEST_PART_BYTES: Final = 1_000_000
"""After how many bytes a scenario file is continued in a further one."""

_SHOWN_STRANGERS: Final = 3
_LINE_CHARS: Final = 100
_ODD_BREAK: Final = re.compile(r"[\x85\u2028\u2029]")


class OutputError(Exception):
    """Report a folder that can't be written to."""


def reread(document: JsonObject, *, shown_as: str) -> YamlSource:
    """Return a document as our reader will find it.

    Raises:
        SourceError: our reader refuses it, as it does numbers that are too large to be exact.
    """
    return parse_yaml(_dumped(document), shown_as=shown_as)


class _Dumper(yaml.SafeDumper):
    """Quote whatever YAML 1.2's core schema, which our reader follows, would not read as text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own form

    @override
    def ignore_aliases(self, _data: JsonValue) -> bool:
        """Write every value out: our reader takes no alias."""
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Escape the line breaks that YAML would otherwise fold into spaces."""
        style = '"' if _ODD_BREAK.search(text) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)
for _tag, _pattern, _first in CORE_SCALARS:
    _Dumper.add_implicit_resolver(_tag, _pattern, _first)


def environment_file(name: str, document: JsonObject, *, source: str) -> dict[str, bytes]:
    """Return an environment's file by its name.

    Raises:
        OutputError: it would be larger than our reader takes.
    """
    content = (_head(source) + _dumped(document)).encode()
    if len(content) > MAX_FILE_BYTES:
        raise OutputError(
            f"the functions of {source} take {len(content)} bytes, but an environment may have "
            f"{MAX_FILE_BYTES}: import the questions in several files"
        )
    return {f"{name}{ENVIRONMENT_SUFFIX}": content}


def scenario_files(
    name: str, head: JsonObject, scenarios: Iterable[JsonObject], *, source: str
) -> dict[str, bytes]:
    """Return the scenario files by name: `name.yaml`, and `name_2.yaml` where one is too long."""
    start = _head(source) + _dumped(head) + "scenarios:\n"
    parts: list[list[str]] = [[start]]
    size = 0
    for scenario in scenarios:
        text = _dumped([scenario])
        if size and size + len(text.encode()) > LARGEST_PART_BYTES:
            parts.append([start])
            size = 0
        parts[-1].append(text)
        size += len(text.encode())
    return {
        f"{name}.yaml" if number == 1 else f"{name}_{number}.yaml": "".join(part).encode()
        for number, part in enumerate(parts, start=1)
    }


def write_files(folder: Path, name: str, files: Mapping[str, bytes]) -> None:
    """Write an import's files and remove those that an earlier import of this name left over.

    Raises:
        OutputError: the folder holds something that no import wrote, or can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        present = sorted(folder.iterdir())
        _refuse_strangers(folder, present)
        for path in present:
            if _belongs_to(name, path) and path.name not in files:
                path.unlink()
        for file, content in files.items():
            (folder / file).write_bytes(content)
    except OSError as error:
        raise OutputError(f"{folder} can't be written to: {error.strerror}") from error


def _refuse_strangers(folder: Path, present: Iterable[Path]) -> None:
    strangers = [path.name for path in present if not _ours(path)]
    if strangers:
        more = ", …" if len(strangers) > _SHOWN_STRANGERS else ""
        raise OutputError(
            f"{folder} holds {', '.join(strangers[:_SHOWN_STRANGERS])}{more}, which no import "
            "wrote: name an empty folder with --output"
        )


def _ours(path: Path) -> bool:
    if not path.is_file() or path.is_symlink():
        return False
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK.encode()


def _belongs_to(name: str, path: Path) -> bool:
    return (
        re.fullmatch(rf"{re.escape(name)}(?:_\d+)?(?:\.environment)?\.yaml", path.name) is not None
    )


def _head(source: str) -> str:
    shown = " ".join(source.split())
    return f"{MARK}` from {shown}: import again instead of editing.\n"


def _dumped(value: JsonValue) -> str:
    return str(
        yaml.dump(
            value,
            Dumper=_Dumper,
            allow_unicode=True,
            default_flow_style=False,
            sort_keys=False,
            width=_LINE_CHARS,
        )
    )
