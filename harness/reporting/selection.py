"""Choose which failing trials a report shows in full when it cannot show them all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from harness.record import RunRecord
from harness.trial import TrialKey, TrialRecord, TrialStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Hold the chosen trials, most telling first, and how many more there are."""

    shown: tuple[TrialRecord, ...]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Weight:
    """Sort lost trials last, first failures of a pair before repeats, findings before others."""

    lost: bool
    repeat: int
    harmless: bool
    key: TrialKey


def failed(record: TrialRecord) -> bool:
    """Return whether a trial did not pass, for whatever reason."""
    return record.status is not TrialStatus.SCORED or record.passed is not True


def worst_trials(run: RunRecord, *, most: int) -> Selection:
    """Choose up to `most` failing trials, so that many scenarios show rather than many repeats."""
    weights = sorted(_weights(run))
    chosen = {weight.key for weight in weights[:most]}
    return _fetched(run, weights[:most], chosen, left_out=len(weights) - len(chosen))


def worst_pairs(run: RunRecord, *, most: int) -> Selection:
    """Choose up to `most` scenario and model pairs that failed, each by its first failing trial."""
    weights = sorted(weight for weight in _weights(run) if not (weight.repeat or weight.lost))
    chosen = {weight.key for weight in weights[:most]}
    return _fetched(run, weights[:most], chosen, left_out=len(weights) - len(chosen))


def _weights(run: RunRecord) -> Iterator[_Weight]:
    failures: dict[tuple[str, str, bool], dict[TrialKey, bool]] = defaultdict(dict)
    for record in run.trials():
        if failed(record):
            lost = record.status is not TrialStatus.SCORED
            pair = (record.key.scenario, record.key.model, lost)
            failures[pair][record.key] = not record.findings
    for (_, _, lost), trials in failures.items():
        for repeat, (key, harmless) in enumerate(sorted(trials.items())):
            yield _Weight(lost=lost, repeat=repeat, harmless=harmless, key=key)


def _fetched(
    run: RunRecord, weights: list[_Weight], chosen: set[TrialKey], *, left_out: int
) -> Selection:
    found = {record.key: record for record in run.trials() if record.key in chosen}
    return Selection(shown=tuple(found[weight.key] for weight in weights), left_out=left_out)
