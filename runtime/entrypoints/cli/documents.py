"""Read a document that a person gives: as JSON, as the name of a file, or as `-` for the input."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from runtime.entrypoints.cli.client import USAGE, CommandError, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Hold a document as it was spelled: the platform, not we, judges what two keys mean."""

    text: bytes
    value: Any

    @property
    def fragment(self) -> Any:  # noqa: ANN401  # it stands for a document of whatever type
        """Return what puts the spelling, unchanged, into a request's body."""
        return orjson.Fragment(self.text)


def read_document(given: str) -> Given:
    """Return the document that an argument spells or names.

    Raises:
        CommandError: it is no JSON, or the file can't be read.
    """
    text = _text(given)
    try:
        return Given(text=text, value=orjson.loads(text))
    except orjson.JSONDecodeError as error:
        source = "the input" if given == "-" else "it" if _is_json(given) else given
        raise CommandError(f"{plain(source)} is no JSON: {error}", exit_code=USAGE) from None


def _text(given: str) -> bytes:
    if given == "-":
        return sys.stdin.buffer.read()
    if _is_json(given):
        return given.encode(errors="surrogateescape")
    try:
        return Path(given).expanduser().read_bytes()
    except OSError as error:
        raise CommandError(
            f"{plain(given[:200])} can't be read: {error.strerror}; give a file or JSON",
            exit_code=USAGE,
        ) from None


def _is_json(given: str) -> bool:
    return given.lstrip().startswith(("{", "["))
