"""Choose what of a run is logged: parameters, metrics and the row of each trial; no driver here."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from harness.record import RunRecord
from harness.summary import GroupSummary, ModelSummary
from harness.trial import TrialRecord

LONGEST_NAME = 250
_ILLEGAL = re.compile(r"[^A-Za-z0-9_\-. ]")
_DOTS = re.compile(r"\.+")

COLUMNS = (
    "model", "scenario", "trial", "suite", "environment", "tags", "status", "passed", "kind",
    "findings", "calls", "repairs", "prompt_tokens", "completion_tokens", "cost_micros",
    "latency_s", "answered_by", "fault",
)  # fmt: skip


def row_of(record: TrialRecord) -> tuple[object, ...]:
    """Return the columns that people sort and filter trials by."""
    return (
        record.key.model,
        record.key.scenario,
        record.key.index,
        record.suite,
        record.environment,
        " ".join(record.tags),
        record.status.value,
        record.passed,
        record.kind,
        len(record.findings),
        record.calls,
        record.repairs,
        record.prompt_tokens,
        record.completion_tokens,
        record.cost_micros,
        record.latency_s,
        record.answered_by,
        record.fault,
    )


def run_parameters(run: RunRecord) -> dict[str, str]:
    """Say what was run, with the digests that must be equal before runs are compared."""
    manifest = run.manifest
    parameters = {
        "code": manifest.code,
        "suite_digest": manifest.suite_digest,
        "paths": " ".join(manifest.paths),
        "tags": " ".join(manifest.tags),
        "scenarios": str(len(manifest.scenarios)),
        "trials": str(manifest.trials),
        "seed": str(manifest.seed),
        "concurrency": str(manifest.concurrency),
    }
    for environment, digests in sorted(manifest.comparability.items()):
        for name, value in sorted(digests.items()):
            parameters[f"{_legal(environment)}.{_legal(name)}"] = value
    return parameters


def model_parameters(run: RunRecord, summary: ModelSummary) -> dict[str, str]:
    """Say which model it was, labelled as what it is."""
    described = {item.reference: item for item in run.manifest.models}[summary.model]
    return {
        "model": summary.model,
        "label": described.label,
        "offline": str(described.offline),
        "answered_by": " ".join(summary.answered_by),
    }


def model_metrics(summary: ModelSummary) -> dict[str, float]:
    """Return the figures of a model by name; what was not measured is left out."""
    named = [
        *_group_metrics("", summary.overall),
        *(pair for name, group in summary.suites.items() for pair in _part("suite", name, group)),
        *(pair for name, group in summary.tags.items() for pair in _part("tag", name, group)),
        *((f"score/{_legal(name)}", value) for name, value in summary.scores.items()),
        *((f"findings/{_legal(name)}", count) for name, count in summary.findings.items()),
        *((f"pass_hat_{k}", value) for k, value in summary.overall.pass_hat.items()),
        ("over_ask_rate", summary.confusion.over_ask.rate),
        ("under_ask_rate", summary.confusion.under_ask.rate),
        ("wrong_slot_rate", summary.confusion.wrong_slot.rate),
        ("cost_micros", summary.cost_micros),
        ("latency_p50_s", summary.latency_p50_s),
        ("latency_p95_s", summary.latency_p95_s),
        ("tokens", summary.tokens),
    ]
    return {
        name[:LONGEST_NAME]: float(value)
        for name, value in named
        if value is not None and not math.isnan(value)
    }


def _part(kind: str, name: str, group: GroupSummary) -> Iterator[tuple[str, float | None]]:
    return _group_metrics(f"{kind}/{_legal(name)}/", group)


def _group_metrics(prefix: str, group: GroupSummary) -> Iterator[tuple[str, float | None]]:
    low, high = group.interval or (None, None)
    yield f"{prefix}trials", group.trials
    yield f"{prefix}scored", group.scored
    yield f"{prefix}findings", group.findings
    yield f"{prefix}pass_rate", group.pass_rate
    yield f"{prefix}pass_rate_low", low
    yield f"{prefix}pass_rate_high", high


def _legal(name: str) -> str:
    """Spell one part of a name as MLflow takes it: no slash, and nothing that climbs a path."""
    return _DOTS.sub(".", _ILLEGAL.sub("-", name)).strip(". ") or "-"
