"""Hold the command line of `plangate eval run`, read but not yet carried out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from harness.calls import CallSource


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Hold the command line."""

    paths: tuple[Path, ...]
    models: tuple[str, ...]
    trials: int
    concurrency: int
    tags: tuple[str, ...]
    seed: int
    output: Path | None
    resume: Path | None
    gate: bool
    gate_models: tuple[str, ...]
    gate_rules: Path | None
    baselines: Path | None
    retries: int
    timeout_s: float
    answer_tokens: int
    track: bool
    json: bool
    source: CallSource = CallSource.LIVE
    cassettes: Path | None = None
    max_cost: float | None = None
    max_tokens: int | None = None
    prices: tuple[str, ...] = ()
    early: str | None = None
    against: str | None = None
    traces: bool = False
    executor: str = "local"
    broker: str | None = None
    rates: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    publish: str | None = None

    @property
    def unusual(self) -> dict[str, object]:
        """Return what was asked for on purpose of models, trials and seed."""
        told = {"models": self.models, "trials": self.trials, "seed": self.seed}
        return {name: value for name, value in told.items() if value != _USUAL[name]}


_USUAL_MODELS = ("plangate/oracle",)
_USUAL: dict[str, object] = {"models": _USUAL_MODELS, "trials": 1, "seed": 0}
_REPEATED = {
    "model": "models",
    "tag": "tags",
    "gate_model": "gate_models",
    "price": "prices",
    "rate": "rates",
    "target": "targets",
}
_RENAMED = {"timeout": "timeout_s"}
_SOURCES = {
    "replay": CallSource.REPLAY,
    "record": CallSource.RECORD,
    "record_missing": CallSource.RECORD_MISSING,
}


def _implies_gate(given: Mapping[str, Any]) -> bool:
    return given["against"] is not None or given["publish"] is not None


def run_options(given: Mapping[str, Any]) -> RunOptions:
    """Read the parameters of the command, by name, as Typer hands them over.

    Raises:
        typer.BadParameter: options that exclude each other.
    """
    chosen = [source for name, source in _SOURCES.items() if given[name]]
    if len(chosen) > 1:
        raise typer.BadParameter("--replay, --record and --record-missing exclude each other")
    told: dict[str, Any] = {
        _REPEATED.get(name, _RENAMED.get(name, name)): tuple(value or ())
        if name in _REPEATED
        else value
        for name, value in given.items()
        if name not in _SOURCES
    }
    told["paths"] = tuple(given["paths"] or [Path("scenarios")])
    if not told["targets"]:
        told["models"] = told["models"] or _USUAL_MODELS
    told["gate"] = given["gate"] or bool(given["gate_model"]) or _implies_gate(given)
    told["track"] = not given["replay"] if given["track"] is None else given["track"]
    told["source"] = chosen[0] if chosen else CallSource.LIVE
    return RunOptions(**told)
