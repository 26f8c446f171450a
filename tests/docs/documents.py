"""Read the documents of this repository: their code blocks, commands and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCUMENTS: Final = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE: Final = re.compile(r"(?<!`)`((?:make|plangate|pytest) [^`]+)`(?!`)")
_LINK: Final = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def blocks(path: Path, language: str) -> tuple[str, ...]:
    """Return the code blocks of a language."""
    found = _BLOCK.findall(path.read_text(encoding="utf-8"))
    return tuple(text for name, text in found if name == language)


def commands(path: Path) -> Iterator[str]:
    """Yield every command that a document tells its reader to type."""
    for block in (*blocks(path, "console"), *blocks(path, "")):
        for line in block.splitlines():
            typed = line.removeprefix("$ ").partition("#")[0].strip()
            if typed.startswith(("make ", "plangate ", "pytest ")):
                yield typed
    yield from _INLINE.findall(path.read_text(encoding="utf-8"))


def links(path: Path) -> Iterator[str]:
    """Yield the files that a document refers to."""
    for target in _LINK.findall(path.read_text(encoding="utf-8")):
        if "://" not in target:
            yield target
