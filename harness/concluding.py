"""Judge a run and write what came of it: figures, comparisons and the gate's verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness.compare import compare
from harness.comparison import Comparison
from harness.evidence import gate_document
from harness.gate import GateReport, GateRules, judge
from harness.results import COMPARISONS, GATE, SUMMARY, Manifest, write_json
from harness.sides import only, side_of, without
from harness.summary import SUMMARY_VERSION, ModelSummary, Tally
from harness.tally import Side
from runtime.public import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """Say whom the gate judges, by which rules, against what.

    Attributes:
        bases: what each model has to beat: a committed baseline, or the run of another revision.
        whole: models of which this run replays all that their base holds; of the others, scenarios
            that only the base has were left out on purpose.
        aside: quarantined scenarios, by model.
    """

    rules: GateRules
    models: tuple[str, ...]
    bases: Mapping[str, Side]
    whole: frozenset[str]
    aside: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Hold what came of a run.

    Attributes:
        stopped: why trials were left undone; None when all were done.
    """

    models: tuple[ModelSummary, ...]
    gate: GateReport | None
    comparisons: tuple[Comparison, ...] = ()
    stopped: str | None = None


def conclude(
    manifest: Manifest,
    tally: Tally,
    gate: GateRequest | None,
    *,
    folder: Path,
    judged_at: datetime,
    stopped: str | None,
    wall_s: float | None,
) -> Finished:
    """Write figures, comparisons and verdict into a run's folder.

    Args:
        manifest: of the run.
        tally: figures of its trials.
        gate: whom to judge; None: nobody.
        folder: the run's.
        judged_at: when that is, with its time zone.
        stopped: why trials are missing, if some are.
        wall_s: how long the run took; None where that says nothing.

    Raises:
        RunError: a file can't be written.
    """
    models = tally.models()
    report, comparisons = None, dict[str, Comparison]()
    if gate is not None:
        comparisons = compared(models, manifest, gate)
        report = judge(
            _gated(tally, gate),
            gate.rules,
            comparisons=comparisons,
            governed={item.model: item for item in models if item.model in gate.models},
            unfinished=stopped,
            aside=gate.aside,
        )
        told = gate_document(report, manifest, models=gate.models, judged_at=judged_at)
        _write_verdict(folder, told, comparisons)
    write_json(
        folder / SUMMARY,
        {
            "version": SUMMARY_VERSION,
            "run": manifest.run,
            "finished": stopped is None,
            "wall_s": None if wall_s is None else round(wall_s, 3),
            "models": [item.document() for item in models],
        },
    )
    shown = tuple(comparisons.values())
    return Finished(models=models, gate=report, comparisons=shown, stopped=stopped)


def _write_verdict(folder: Path, told: JsonObject, comparisons: Mapping[str, Comparison]) -> None:
    write_json(folder / GATE, told)
    if comparisons:
        documents = [item.document() for item in comparisons.values()]
        write_json(folder / COMPARISONS, {"comparisons": documents})


def compared(
    models: tuple[ModelSummary, ...], manifest: Manifest, gate: GateRequest
) -> dict[str, Comparison]:
    """Compare each gated model that has something to beat."""
    rules = gate.rules.comparison(models=len(gate.bases))
    found: dict[str, Comparison] = {}
    for summary in models:
        base = gate.bases.get(summary.model)
        if base is None or summary.model not in gate.models:
            continue
        aside = gate.aside.get(summary.model, frozenset())
        head = without(side_of(summary, manifest), aside)
        base = without(base, aside)
        if summary.model not in gate.whole:
            base = only(base, head.asked)
        found[summary.model] = compare(base, head, rules)
    return found


def _gated(tally: Tally, gate: GateRequest) -> tuple[ModelSummary, ...]:
    """Summarize the gated models without what is set aside for them."""
    return tuple(
        summary
        for model in sorted(gate.models)
        for summary in tally.models(without=gate.aside.get(model, frozenset()))
        if summary.model == model
    )
