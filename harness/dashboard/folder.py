"""Read one run folder for the list: a few figures out of its files, nothing of its trials.

`harness.record` reads a run whole and strictly; for a list of hundreds that would take seconds.
Whatever looks wrong here is handed to it, so that the page tells its message.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import orjson

from harness.dashboard.card import ModelCard, RunCard, RunState
from harness.dashboard.progress import Counts, Progress
from harness.record import read_run
from harness.results import GATE, MANIFEST, MANIFEST_VERSION, RESULTS, SUMMARY, Manifest, RunError
from harness.summary import SUMMARY_VERSION
from harness.tracking.configuration import comparability_of
from runtime.public import JsonObject

LOCK = ".lock"
FRESH_S = 10.0
"""A run whose lock can't be seen, as on a network drive, goes on while it was written just now."""

Stamp: TypeAlias = tuple[int, int, int]
"""Change whenever a file does: its inode, its size, and when it was written."""

_ABSENT: Stamp = (0, -1, 0)
_WATCHED = (MANIFEST, SUMMARY, GATE, RESULTS)


@dataclass(slots=True)
class RunFolder:
    """Keep what was read of a folder, and read again only the files that changed."""

    path: Path
    name: str
    card: RunCard | None = None
    _stamps: dict[str, Stamp] = field(default_factory=dict)
    _manifest: Manifest | None = None
    _scenarios: int = 0
    _was_running: bool = False
    _progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self._progress = Progress(self.path / RESULTS)

    def look(self, *, held: frozenset[int], now_s: float) -> RunCard:
        """Return the card, read anew where something changed.

        Args:
            held: inodes of locks that are held.
            now_s: seconds since the epoch.
        """
        stamps = {name: _stamp(self.path / name) for name in _WATCHED}
        running = self._goes_on(stamps, held=held, now_s=now_s)
        if self.card is not None and stamps == self._stamps and running == self._was_running:
            return self.card
        try:
            self.card = self._read(stamps, running=running)
        except (AttributeError, KeyError, TypeError, ValueError, OSError, RunError):
            self.card = self._damaged()
        self._stamps, self._was_running = stamps, running
        return self.card

    def _goes_on(self, stamps: dict[str, Stamp], *, held: frozenset[int], now_s: float) -> bool:
        if _stamp(self.path / LOCK)[0] in held:
            return True
        ended = stamps[SUMMARY] != _ABSENT
        latest_ns = max(stamps[RESULTS][2], stamps[MANIFEST][2])
        return not ended and now_s - latest_ns / 1e9 < FRESH_S

    def _read(self, stamps: dict[str, Stamp], *, running: bool) -> RunCard:
        if self._manifest is None or stamps[MANIFEST] != self._stamps.get(MANIFEST):
            document = _document(self.path / MANIFEST, version=MANIFEST_VERSION)
            self._scenarios = len(document["scenarios"])
            self._manifest = Manifest.model_validate({**document, "scenarios": ()})
        begun = self._begun(self._manifest)
        if running or stamps[SUMMARY] == _ABSENT:
            self._progress.read_on()
            return replace(
                begun,
                state=RunState.RUNNING if running else RunState.STOPPED,
                models=tuple(self._counted(self._manifest, item.model) for item in begun.models),
            )
        return self._ended(begun, gated=stamps[GATE] != _ABSENT)

    def _begun(self, manifest: Manifest) -> RunCard:
        return RunCard(
            run=manifest.run,
            folder=self.name,
            created=manifest.created,
            state=RunState.RUNNING,
            scenarios=self._scenarios,
            planned=self._scenarios * len(manifest.models) * manifest.trials,
            early=manifest.early is not None,
            models=tuple(_untried(manifest, entry.reference) for entry in manifest.models),
        )

    def _counted(self, manifest: Manifest, model: str) -> ModelCard:
        counts = self._progress.by_model.get(model, Counts())
        return replace(
            _untried(manifest, model),
            done=counts.scored + counts.lost,
            lost=counts.lost,
            scored=counts.scored,
            pass_rate=counts.pass_rate,
            findings=counts.findings,
        )

    def _ended(self, begun: RunCard, *, gated: bool) -> RunCard:
        summary = _document(self.path / SUMMARY, version=SUMMARY_VERSION)
        figures = {item["model"]: item for item in summary["models"]}
        verdict = _document(self.path / GATE)["verdict"] if gated else None
        return replace(
            begun,
            state=RunState.FINISHED if summary["finished"] else RunState.STOPPED,
            verdict=verdict,
            models=tuple(
                _summarized(item, figures[item.model]) if item.model in figures else item
                for item in begun.models
            ),
        )

    def _damaged(self) -> RunCard:
        self._manifest = None
        try:
            read_run(self.path)
            problem = f"{self.path / RESULTS} has a line that is no trial"
        except RunError as error:
            problem = str(error)
        except OSError as error:
            problem = f"{self.path} can't be read: {error.strerror}"
        return RunCard(
            run=self.path.name,
            folder=self.name,
            created="",
            state=RunState.DAMAGED,
            problem=problem,
        )


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:
        return _ABSENT
    return (status.st_ino, status.st_size, status.st_mtime_ns)


def _document(path: Path, *, version: int | None = None) -> JsonObject:
    document: JsonObject = orjson.loads(path.read_bytes())
    if version is not None and document["version"] != version:
        raise ValueError(f"{path} has version {document['version']}, expected {version}")
    return document


def _untried(manifest: Manifest, model: str) -> ModelCard:
    entry = next(item for item in manifest.models if item.reference == model)
    return ModelCard(
        model=model,
        label=entry.label,
        offline=entry.offline,
        scored=0,
        pass_rate=None,
        interval=None,
        findings=0,
        cost_micros=None,
        latency_p95_s=None,
        suite_digest=manifest.suite_digest,
        comparability=comparability_of(manifest, model),
    )


def _summarized(untried: ModelCard, found: JsonObject) -> ModelCard:
    overall = found["overall"]
    return replace(
        untried,
        done=overall["trials"],
        lost=overall["infrastructure"] + overall["internal"],
        scored=overall["scored"],
        pass_rate=overall["pass_rate"],
        interval=tuple(overall["interval"]) if overall["interval"] else None,
        findings=overall["findings"],
        cost_micros=found["cost_micros"],
        latency_p95_s=found["latency_p95_s"],
    )
