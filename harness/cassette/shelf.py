"""Keep cassettes in a folder: `FOLDER/<model>/<environment>.jsonl`, read when a model is asked for.

Files are sorted and spelled alike on every machine, so that a recording shows in a diff what
changed and nothing else.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from harness.cassette.address import Address
from harness.cassette.tape import (
    Call,
    CassetteError,
    FormError,
    Header,
    header_from,
    header_line,
    line_of,
    read_line,
)

SUFFIX: Final = ".jsonl"
_RESTORE: Final = "restore the file, or delete it and record anew"

Trial: TypeAlias = tuple[str, int]
"""Name a trial of one model: scenario and repetition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cassette:
    """Hold one file: its header and its calls by trial, in the order of their positions."""

    header: Header
    trials: Mapping[Trial, tuple[Call, ...]]

    @property
    def calls(self) -> Iterator[Call]:
        """Yield the calls in the order of the file."""
        for trial in sorted(self.trials):
            yield from self.trials[trial]

    def content(self) -> bytes:
        """Spell the file."""
        return header_line(self.header) + b"".join(line_of(call.document()) for call in self.calls)


@dataclass(slots=True)
class Shelf:
    """Hold the cassettes of a folder; processes that record to it take turns."""

    folder: Path
    _read: dict[str, dict[str, Cassette]] = field(default_factory=dict)

    def cassettes(self, reference: str) -> Mapping[str, Cassette]:
        """Return a model's cassettes by environment; none when it was never recorded.

        Raises:
            CassetteError: a file that can't be read, is damaged, or is another model's.
        """
        if reference not in self._read:
            self._read[reference] = self._load(reference)
        return self._read[reference]

    def trials(self, reference: str) -> dict[Trial, tuple[Call, ...]]:
        """Return all recorded trials of a model.

        Raises:
            CassetteError: as `cassettes`.
        """
        found: dict[Trial, tuple[Call, ...]] = {}
        for cassette in self.cassettes(reference).values():
            found |= cassette.trials
        return found

    def recorded(self, references: Iterable[str]) -> str:
        """Return the last day on which any of the models was recorded; empty when nobody said.

        Raises:
            CassetteError: as `cassettes`.
        """
        days = (
            cassette.header.recorded
            for reference in references
            for cassette in self.cassettes(reference).values()
        )
        return max(days, default="")

    def references(self) -> tuple[str, ...]:
        """Return every model that has cassettes here, sorted.

        Raises:
            CassetteError: a file whose header can't be read.
        """
        return tuple(sorted({_header(path).reference for path in self.folder.glob(f"*/*{SUFFIX}")}))

    def merge(
        self,
        calls: Iterable[Call],
        *,
        environments: Mapping[str, str],
        native_tools: Mapping[str, bool],
        recorded: str = "",
    ) -> tuple[Path, ...]:
        """Add calls, each trial in the place of its earlier recording; return the changed files.

        Files are read anew: another process may have recorded since.

        Args:
            calls: of any models and scenarios.
            environments: the environment of every scenario.
            native_tools: by model reference, whether it was given tools.
            recorded: today; files in which no call changes keep their day.

        Raises:
            CassetteError: a file can't be read or written; each file is the old or the new one.
        """
        fresh: dict[tuple[str, str], dict[Trial, list[Call]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for call in calls:
            key = call.key
            tape = fresh[key.model, environments[key.scenario]]
            tape[key.scenario, key.index].append(call)
        written: list[Path] = []
        if not fresh:
            return ()
        with self._turn():
            self._read.clear()
            for (reference, environment), trials in sorted(fresh.items()):
                old = self.cassettes(reference).get(environment)
                before = dict(old.trials) if old else {}
                merged = before | {trial: _ordered(found) for trial, found in trials.items()}
                header = Header(
                    reference=reference,
                    environment=environment,
                    native_tools=native_tools[reference],
                    recorded=recorded,
                )
                if old is not None and merged == before:
                    header = replace(header, recorded=old.header.recorded)
                written += self._write(Cassette(header=header, trials=merged), old=old)
        return tuple(written)

    def prune(self, reference: str, scenarios: Iterable[str]) -> tuple[Path, ...]:
        """Take the recordings of scenarios out of a model's cassettes; return the changed files.

        Raises:
            CassetteError: as `merge`.
        """
        gone = set(scenarios)
        written: list[Path] = []
        for old in list(self.cassettes(reference).values()):
            kept = {trial: calls for trial, calls in old.trials.items() if trial[0] not in gone}
            written += self._write(Cassette(header=old.header, trials=kept), old=old)
        return tuple(written)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until no other process records to this folder, and keep others out."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.folder, os.O_RDONLY)
        except OSError as error:
            raise CassetteError(f"{self.folder} can't be written: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def path(self, header: Header) -> Path:
        """Return the file of a cassette."""
        return self.folder / slug(header.reference) / f"{slug(header.environment)}{SUFFIX}"

    def _load(self, reference: str) -> dict[str, Cassette]:
        found: dict[str, Cassette] = {}
        for path in sorted((self.folder / slug(reference)).glob(f"*{SUFFIX}")):
            cassette = read_cassette(path)
            header = cassette.header
            if header.reference != reference or path != self.path(header):
                raise CassetteError(
                    f"{path}:1: this is the cassette of {header.reference} in environment "
                    f"{header.environment}, expected one of {reference} at its own path; "
                    "move it back, or give one of the models another folder"
                )
            found[header.environment] = cassette
        return found

    def _write(self, cassette: Cassette, *, old: Cassette | None) -> Iterator[Path]:
        content = cassette.content()
        known = self._read.setdefault(cassette.header.reference, {})
        path = self.path(cassette.header)
        if old is not None and content == old.content():
            return
        if cassette.trials:
            replace_file(path, content)
            known[cassette.header.environment] = cassette
        else:
            path.unlink(missing_ok=True)
            known.pop(cassette.header.environment, None)
        yield path


def read_cassette(path: Path) -> Cassette:
    """Read one file.

    Raises:
        CassetteError: it can't be read, or a line is damaged, out of place or another program's.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise CassetteError(f"{path} can't be read: {error.strerror}") from error
    trials: dict[Trial, list[Call]] = defaultdict(list)
    header: Header | None = None
    for number, line in enumerate(lines, start=1):
        try:
            if not line.endswith(b"\n"):
                raise FormError("the line is cut off")  # noqa: TRY301  # told like all others
            document = read_line(line)
            if header is None:
                header = header_from(document)
                continue
            _place(Call.from_document(document), trials, header=header)
        except FormError as error:
            raise CassetteError(f"{path}:{number}: {error}; {_RESTORE}") from error
    if header is None:
        raise CassetteError(f"{path}:1: the file is empty, expected a cassette; {_RESTORE}")
    return Cassette(header=header, trials={trial: tuple(calls) for trial, calls in trials.items()})


def slug(text: str) -> str:
    """Return a legal, readable name of a file or folder.

    >>> slug("openai/own?tools=json&api_base=http://127.0.0.1:9/v1")
    'openai-own-tools-json-api_base-http-127.0.0.1-9-v1'
    """
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-.")


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that readers, and a crash, find the old one or the new one.

    Raises:
        CassetteError: it can't be written; the old one is as it was.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise CassetteError(
            f"{path} can't be written: {error.strerror}; the calls are kept in the run's folder: "
            "make room and record again with --resume, which asks for nothing twice"
        ) from error


def _header(path: Path) -> Header:
    try:
        with path.open("rb") as lines:
            return header_from(read_line(lines.readline()))
    except OSError as error:
        raise CassetteError(f"{path} can't be read: {error.strerror}") from error
    except FormError as error:
        raise CassetteError(f"{path}:1: {error}; {_RESTORE}") from error


def _place(call: Call, trials: dict[Trial, list[Call]], *, header: Header) -> None:
    if call.key.model != header.reference:
        raise FormError(f"a call to {call.key.model}, expected one to {header.reference}")
    earlier = trials[call.key.scenario, call.key.index]
    if call.position != len(earlier):
        raise FormError(
            f"position {call.position} of {call.key.scenario}, trial {call.key.index}, "
            f"expected {len(earlier)}"
        )
    earlier.append(call)


def _ordered(calls: list[Call]) -> tuple[Call, ...]:
    """Return one call a position, the last one that was given, without what follows a gap."""
    by_position = {call.position: call for call in calls}
    return tuple(
        by_position[position]
        for position in range(len(by_position))
        if all(earlier in by_position for earlier in range(position + 1))
    )


def equal_address(calls: Iterable[Call], address: Address, *, position: int) -> Call | None:
    """Return the call that answered a request: at its position, else anywhere in the trial."""
    found = [call for call in calls if call.address.whole == address.whole]
    for call in found:
        if call.position == position:
            return call
    return found[0] if found else None
