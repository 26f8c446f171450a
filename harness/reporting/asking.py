"""Count for each model of a run when it acted and when it asked, against what was needed."""

from __future__ import annotations

from collections import defaultdict

from harness.confusion import Answered, Confusion, confusion_of
from harness.record import RunRecord


def confusions_of(run: RunRecord) -> tuple[tuple[str, Confusion], ...]:
    """Return the matrix of each model that has one, in the manifest's order."""
    answers: dict[str, list[Answered]] = defaultdict(list)
    for record in run.trials():
        answered = Answered.of(record)
        if answered is not None:
            answers[record.key.model].append(answered)
    return tuple(
        (entry.reference, confusion_of(answers[entry.reference]))
        for entry in run.manifest.models
        if answers[entry.reference]
    )
