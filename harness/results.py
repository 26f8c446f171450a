"""Keep a run on disk: one folder, one manifest, one flushed line a trial.

A run can be killed at any moment: what was flushed is read back, a line that was cut off is
dropped, and a second process can't write the same run.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson
from pydantic import BaseModel, ConfigDict

from harness.trial import TrialRecord, TrialStatus
from runtime.public import JsonObject, JsonValue

MANIFEST_VERSION = 2
MANIFEST = "manifest.json"
RESULTS = "results.jsonl"
SUMMARY = "summary.json"
GATE = "gate.json"
COMPARISONS = "comparisons.json"
HISTORY = "history.json"
CONCLUSIONS = (SUMMARY, GATE, COMPARISONS)
LARGEST_INTEGER = 2**63 - 1
_LOCK = ".lock"


class RunError(Exception):
    """A run folder that can't be used; the message says why and what to do."""


class ManifestModel(BaseModel):
    """Describe one model of a run, labelled as what it is.

    Attributes:
        conditions: what must be equal to compare it with another run of it: sampling, prices and
            versions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: str
    label: str
    offline: bool
    conditions: dict[str, str] = {}


class ManifestScenario(BaseModel):
    """Describe one scenario of a run, for reports and for resuming."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    environment: str
    suite: str
    tags: tuple[str, ...]
    family: str
    reason: str
    file: str
    line: int
    digest: str


class Manifest(BaseModel):
    """Say what a run is: enough to repeat it, to resume it, and to compare it.

    Attributes:
        paths: what was asked for, relative to the folder it was asked from.
        tags: the restriction by tags.
        comparability: digests by environment of what must be equal to compare runs.
        early: the rule by which a scenario's trials ended as soon as they had said enough.
        replays: every answer came from cassettes.
        gated: the run was begun with a gate, so whoever resumes it is judged as well.
        cap_cost_micros, cap_tokens: what it may spend, unless whoever resumes it says otherwise.
        code: version of this program.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = MANIFEST_VERSION
    run: str
    created: str
    code: str
    paths: tuple[str, ...]
    tags: tuple[str, ...]
    models: tuple[ManifestModel, ...]
    trials: int
    early: dict[str, float] | None = None
    replays: bool = False
    gated: bool = False
    cap_cost_micros: int | None = None
    cap_tokens: int | None = None
    seed: int
    concurrency: int
    max_tokens: int
    timeout_s: float
    retries: int
    suite_digest: str
    comparability: dict[str, dict[str, str]]
    scenarios: tuple[ManifestScenario, ...]

    def key(self, model: str) -> dict[str, str]:
        """Return what must be equal before a model's figures are compared with another run's.

        Trials that end early are drawn otherwise than a fixed number: the share that passed leans
        to the side on which they ended.
        """
        found = {
            f"{environment}.{part}": value
            for environment, parts in self.comparability.items()
            for part, value in parts.items()
        }
        for item in self.models:
            if item.reference == model:
                found |= item.conditions
        if self.early is not None:
            rule = ", ".join(f"{name} {value:g}" for name, value in sorted(self.early.items()))
            found["sampling"] = f"{found.get('sampling', '')}, trials end early ({rule})"
        return found


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run.

    Raises:
        RunError: the folder is no run, is damaged, or was written by a newer version.
    """
    path = folder / MANIFEST
    try:
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise RunError(
            f"{folder} is no run: {MANIFEST} can't be read ({error.strerror})"
        ) from error
    except orjson.JSONDecodeError as error:
        raise RunError(f"{path} is damaged: {error}") from error
    found = document.get("version") if isinstance(document, dict) else None
    if found != MANIFEST_VERSION:
        raise RunError(
            f"{path} has version {found}; this program reads {MANIFEST_VERSION}: "
            "use the version of plangate that wrote the run"
        )
    try:
        return Manifest.model_validate(document)
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}") from error


def read_records(folder: Path) -> Iterator[TrialRecord]:
    """Yield the trials of a run in the order in which they ended.

    A last line without its newline was cut off by a crash and is left out.

    Raises:
        RunError: any other line that is no record.
    """
    path = folder / RESULTS
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                return
            yield _record(path, number, line)


def make_folder(folder: Path) -> None:
    """Make a folder and those around it.

    Raises:
        RunError: it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"folder {folder} can't be made: {error.strerror}; name another one"
        ) from error


def write_json(path: Path, document: JsonObject) -> None:
    """Write a document so that readers see the old file or the new one, never a half.

    Raises:
        RunError: the file can't be written; the old one is as it was.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as file:
            file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
            file.write(b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _unwritable(path.parent, str(error.strerror)) from error


@dataclass(slots=True)
class ResultsWriter:
    """Append trial records to a run; holds the run's lock while it is open."""

    folder: Path
    _lock: int = -1
    _results: int = -1

    def __enter__(self) -> Self:
        """Take the lock, keep the scored trials, and open for appending.

        What a crash left half-written and trials that were lost go, so that they are done anew.

        Raises:
            RunError: another process writes this run, or the folder can't be written.
        """
        path = self.folder / RESULTS
        try:
            self._lock = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise _unwritable(self.folder, str(error.strerror)) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _keep_scored(path)
            self._results = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except BlockingIOError as error:
            os.close(self._lock)
            raise RunError(f"{self.folder} is being written by another process") from error
        except OSError as error:
            os.close(self._lock)
            raise _unwritable(self.folder, str(error.strerror)) from error
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the run."""
        os.close(self._results)
        os.close(self._lock)

    def write(self, record: TrialRecord) -> None:
        """Append one line with a single system call, so that it is there even after kill -9.

        Raises:
            RunError: the line could not be written whole; what was written of it is taken back.
        """
        line = _line(record.document())
        try:
            written = os.write(self._results, line)
        except OSError as error:
            raise _unwritable(self.folder, str(error.strerror)) from error
        if written != len(line):
            size_bytes = os.fstat(self._results).st_size
            os.ftruncate(self._results, size_bytes - written)  # nothing may follow half a line
            raise _unwritable(self.folder, f"only {written} of {len(line)} bytes fit")


def _unwritable(folder: Path, problem: str) -> RunError:
    return RunError(
        f"results can't be written to {folder}: {problem}; finished trials are kept: "
        f"make room and go on with `plangate eval run --resume {folder}`"
    )


def _line(document: JsonObject) -> bytes:
    """Spell a record; a model may write half a character or a number that JSON lines can't hold."""
    try:
        return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return orjson.dumps(writable(document), option=orjson.OPT_APPEND_NEWLINE)


def writable(value: JsonValue) -> JsonValue:
    """Return a value that JSON lines can hold: no half characters, no integer beyond 64 bits."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {writable(key): writable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [writable(item) for item in value]
    is_large = isinstance(value, int) and abs(value) > LARGEST_INTEGER
    return str(value) if is_large else value


def _record(path: Path, number: int, line: bytes) -> TrialRecord:
    try:
        return TrialRecord.from_document(orjson.loads(line))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{path}:{number}: no trial record ({error}); restore the file or start a new run"
        ) from error


def _keep_scored(path: Path) -> None:
    """Rewrite a results file without cut-off lines and lost trials, if it has any."""
    if not path.exists():
        return
    draft = path.with_name(f".{path.name}.draft")
    kept = 0
    with path.open("rb") as lines, draft.open("wb") as file:
        for number, line in enumerate(lines, start=1):
            if line.endswith(b"\n") and _record(path, number, line).status is TrialStatus.SCORED:
                kept += file.write(line)
        file.flush()
        os.fsync(file.fileno())
    if kept == path.stat().st_size:
        draft.unlink()
    else:
        draft.replace(path)
