"""Save an organization's export, and prove that it is whole: its last line has the hash of all."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from runtime.entrypoints.cli.client import UNREACHABLE, USAGE, CommandError, Document
from runtime.entrypoints.cli.console import Api

PRIVATE_FILE: Final = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Hold what the last line of a whole export says."""

    last_line: Any
    rows: int
    sha256: str


def save_export(api: Api, organization: str, file: Path) -> Saved:
    """Write the export to a new file that we alone can read; a broken one leaves no file.

    Raises:
        CommandError: the file can't be made, nobody answers, or the export is not whole.
    """
    with (
        new_private_file(file) as stream,
        api.platform.exports.export_organization(organization) as parts,
    ):
        return _proven(_lines(parts, stream))


def save_log(api: Api, file: Path) -> Document:
    """Write the export of an audit log to a new file, and return its last line.

    Raises:
        CommandError: as `save_export` does.
    """
    with new_private_file(file) as stream, api.platform.audit.export_log() as parts:
        last = b""
        for line in _lines(parts, stream):
            last = line or last
    try:
        told: Document = orjson.loads(last)
        if {"end", "heads"} == set(told):
            return told
    except (orjson.JSONDecodeError, TypeError):
        pass
    file.expanduser().unlink()
    raise _broken_off()


@contextmanager
def new_private_file(file: Path) -> Iterator[BinaryIO]:
    """Open a new file that we alone can read; if the block raises there is none.

    Raises:
        CommandError: it can't be made.
    """
    file = file.expanduser()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except OSError as error:
        raise CommandError(
            f"{file} can't be made: {error.strerror}; name a file that is new", exit_code=USAGE
        ) from None
    try:
        with open(descriptor, "wb") as stream:  # noqa: PTH123  # of a descriptor
            yield stream
    except BaseException:
        file.unlink()
        raise


def _lines(parts: Iterable[bytes], stream: BinaryIO) -> Iterator[bytes]:
    """Write parts down as they come, and return their lines."""
    waiting = b""
    for part in parts:
        stream.write(part)
        *lines, waiting = (waiting + part).split(b"\n")
        yield from (line + b"\n" for line in lines)
    yield waiting


def _proven(lines: Iterator[bytes]) -> Saved:
    hashed, last = hashlib.sha256(), next(lines)
    for line in lines:
        if line:
            hashed.update(last)
            last = line
    try:
        told = orjson.loads(last)
        if told["sha256"] == hashed.hexdigest():
            rows = sum(told["counts"].values())
            return Saved(last_line=told, rows=rows, sha256=told["sha256"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        pass
    raise _broken_off()


def _broken_off() -> CommandError:
    return CommandError(
        "the export broke off, and nothing was kept; try again", exit_code=UNREACHABLE
    )
