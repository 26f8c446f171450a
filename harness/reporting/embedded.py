"""Prepare what the page's script reads: scenarios, cells of the heat map, and failing trials.

Everything is bounded, so that a run of any size gives a page that opens: what is left out is
counted, and the page says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import orjson

from harness.record import RunRecord
from harness.reporting.selection import Selection, worst_trials
from harness.reporting.wording import shortened
from harness.trial import TrialRecord, TrialStatus
from runtime.public import JsonObject, JsonValue

MOST_TRIALS = 600
MOST_BYTES = 6_000_000
MOST_TEXT = 6_000
MOST_OPERATIONS = 60
_REPEATED = ("golden", "message", "suite", "environment", "tags", "family", "key", "status")


def document(run: RunRecord, *, most: int, most_bytes: int) -> JsonObject:
    """Return what the script reads, as a document.

    Args:
        run: the run.
        most: how many failing trials to hold in full.
        most_bytes: how large their documents may be together.
    """
    selection = worst_trials(run, most=most)
    trials = list(_within(selection, most_bytes=most_bytes))
    told = {record.key.scenario: record for record in selection.shown}
    return {
        "models": [entry.model_dump() for entry in run.manifest.models],
        "trialsEach": run.manifest.trials,
        "scenarios": [entry.model_dump(exclude={"digest"}) for entry in run.manifest.scenarios],
        "cells": _cells(run),
        "moved": _moved(run),
        "told": {
            scenario: {
                "message": shortened(record.message, most=MOST_TEXT),
                "golden": record.golden,
            }
            for scenario, record in sorted(told.items())
        },
        "trials": trials,
        "leftOut": selection.left_out + len(selection.shown) - len(trials),
    }


def _cells(run: RunRecord) -> list[list[list[int]]]:
    """Return by model and scenario: passed, scored, findings, lost."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for record in run.trials():
        place = (record.key.model, record.key.scenario)
        scored = record.status is TrialStatus.SCORED
        counts[(*place, "scored")] += scored
        counts[(*place, "lost")] += not scored
        counts[(*place, "passed")] += scored and record.passed is True
        counts[(*place, "findings")] += len(record.findings) if scored else 0
    columns = ("passed", "scored", "findings", "lost")
    return [
        [
            [counts[model.reference, scenario.id, column] for column in columns]
            for scenario in run.manifest.scenarios
        ]
        for model in run.manifest.models
    ]


def _moved(run: RunRecord) -> JsonObject:
    """Return by model which scenarios got worse or better than what it had to beat."""
    return {
        item.head: {
            **dict.fromkeys(item.overall.worse, "worse"),
            **dict.fromkeys(item.overall.better, "better"),
        }
        for item in run.comparisons
    }


def _within(selection: Selection, *, most_bytes: int) -> Iterable[JsonObject]:
    size = 0
    for record in selection.shown:
        shown = trial_document(record)
        size += len(orjson.dumps(shown))
        if size > most_bytes:
            return
        yield shown


def trial_document(record: TrialRecord) -> JsonObject:
    """Return a trial without what its scenario already says, and with bounded texts."""
    shown = {name: value for name, value in record.document().items() if name not in _REPEATED}
    shown["scenario"] = record.key.scenario
    shown["model"] = record.key.model
    shown["index"] = record.key.index
    shown["status"] = record.status.value
    shown["state_diff"] = list(record.state_diff[:MOST_OPERATIONS])
    shown["state_diff_left_out"] = max(0, len(record.state_diff) - MOST_OPERATIONS)
    shown["outcome"] = _refusals(record.outcome)
    return {name: _bounded(value) for name, value in shown.items()}


def _refusals(outcome: JsonObject | None) -> JsonObject | None:
    """Keep of an outcome how each step ended and why, not what it changed."""
    if outcome is None:
        return None
    kept = ("action", "status", "refusal")
    steps = [{name: step.get(name) for name in kept} for step in outcome.get("steps", ())]
    return {"status": outcome.get("status"), "refusal": outcome.get("refusal"), "steps": steps}


def _bounded(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return shortened(value, most=MOST_TEXT)
    if isinstance(value, dict):
        return {name: _bounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_bounded(item) for item in value]
    return value
