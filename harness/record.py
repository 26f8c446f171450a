"""Read a run back from its folder: what was asked for, what came out, and every trial.

Reports are made of this and of nothing else, so a finished run can be reported again at any time.
A run that was killed can be read as well: its figures are then counted from the trials it wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from harness.comparison import Comparison
from harness.gate import GateReport
from harness.results import (
    COMPARISONS,
    GATE,
    RESULTS,
    SUMMARY,
    Manifest,
    RunError,
    read_manifest,
    read_records,
)
from harness.summary import SUMMARY_VERSION, ModelSummary, Tally
from harness.trial import TrialRecord

SHOWN_PROBLEMS = 3
MOST_HELD_BYTES = 64_000_000

Document = TypeVar("Document")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """Hold the figures of a run.

    Attributes:
        finished: false when trials are missing.
        wall_s: how long it took; None when it never ended.
    """

    version: int
    models: tuple[ModelSummary, ...]
    finished: bool
    wall_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Hold a run as its folder describes it; trials stay on disk.

    Attributes:
        gate: None when the run was not gated.
        comparisons: of its models with what they had to beat.
        kept: the trials, where somebody will go through them several times.
    """

    folder: Path
    manifest: Manifest
    summary: RunSummary
    gate: GateReport | None
    comparisons: tuple[Comparison, ...] = ()
    kept: tuple[TrialRecord, ...] | None = None

    def held(self) -> RunRecord:
        """Return the run with its trials in memory, unless they are too many for that.

        Raises:
            RunError: as `trials`.
        """
        path = self.folder / RESULTS
        if path.exists() and path.stat().st_size > MOST_HELD_BYTES:
            return self
        return replace(self, kept=tuple(self.trials()))

    def trials(self) -> Iterator[TrialRecord]:
        """Yield every trial in the order in which they ended.

        Raises:
            RunError: a line that is no trial record, unless it is a last one that broke off.
        """
        return read_records(self.folder) if self.kept is None else iter(self.kept)

    def summary_of(self, model: str) -> ModelSummary | None:
        """Return the figures of a model; None when it has no trial yet."""
        return next((item for item in self.summary.models if item.model == model), None)


def read_run(folder: Path) -> RunRecord:
    """Read a run folder.

    Raises:
        RunError: a file that is missing, is no JSON, or has another shape or version.
    """
    manifest = read_manifest(folder)
    gated = (folder / GATE).exists()
    compared = (folder / COMPARISONS).exists()
    ended = (folder / SUMMARY).exists()
    return RunRecord(
        folder=folder,
        manifest=manifest,
        summary=_read(folder / SUMMARY, TypeAdapter(RunSummary)) if ended else _counted(folder),
        gate=_read(folder / GATE, TypeAdapter(GateReport)) if gated else None,
        comparisons=_read(folder / COMPARISONS, TypeAdapter(_Comparisons)).comparisons
        if compared
        else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparisons:
    comparisons: tuple[Comparison, ...]


def _counted(folder: Path) -> RunSummary:
    tally = Tally()
    for record in read_records(folder):
        tally.add(record)
    return RunSummary(version=SUMMARY_VERSION, models=tally.models(), finished=False, wall_s=None)


def _read(path: Path, shape: TypeAdapter[Document]) -> Document:
    try:
        document = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise RunError(f"{path}:{error.lineno}: damaged: {error}; restore the file") from error
    found = document.get("version", SUMMARY_VERSION) if isinstance(document, dict) else None
    if found != SUMMARY_VERSION:
        raise RunError(
            f"{path} has version {found}; this program reads {SUMMARY_VERSION}: "
            "use the version of plangate that wrote the run"
        )
    try:
        return shape.validate_python(document)
    except ValidationError as error:
        raise RunError(f"{path} is damaged: {_listed(error)}; restore the file") from error


def _listed(error: ValidationError) -> str:
    found = [
        f"{'.'.join(str(part) for part in item['loc']) or 'document'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)
    ]
    more = len(found) - SHOWN_PROBLEMS
    shown = ", ".join(found[:SHOWN_PROBLEMS])
    return f"{shown} and {more} more" if more > 0 else shown
