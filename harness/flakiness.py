"""Find scenarios that flip without having got worse: those that a quarantine may set aside.

Pure: `plangate eval quarantine` reads past runs and asks. A change is a finding, not a flake: a
scenario that used to pass and fails half of the time now is a regression, and one that used to fail
has been mended; neither is proposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.results import Manifest
from harness.stats.change import (
    STABLE,
    Counts,
    Split,
    chance_of_as_many,
    change_point,
    halves,
    stable_end,
    total,
)

FEWEST_TRIALS = 20
CHANGE_ALPHA = 0.05
"""A change that chance shows less often than this is taken for one."""
HALF_ALPHA = 0.005
"""Each half must show more of either verdict than a stable scenario does at this level."""
STABLE_END = 200.0
"""So many times likelier stable than mixed, the beginning or end of a history is called stable."""


class Standing(StrEnum):
    """Name what the history of a scenario shows."""

    FLAKY = "flaky"
    CHANGED = "changed"
    STEADY = "steady"
    TOO_FEW = "too few trials"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Name whose verdicts are looked at: one scenario, answered by one model."""

    scenario: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """Hold what a past run says about flakiness.

    Attributes:
        counts: scored trials by scenario and model.
        findings: governance findings likewise; those without any are left out.
    """

    manifest: Manifest
    counts: Mapping[Subject, Counts]
    findings: Mapping[Subject, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Say what the history of one scenario and model shows.

    Attributes:
        history: counts of the comparable runs, oldest first.
        findings: governance findings in them; no quarantine excuses those.
        evidence: one line.
    """

    subject: Subject
    standing: Standing
    history: tuple[Counts, ...]
    findings: int
    evidence: str


def judge_all(runs: Iterable[PastRun]) -> tuple[Judged, ...]:
    """Judge every scenario and model of some runs, sorted by their names.

    Args:
        runs: in any order.
    """
    ordered = sorted(runs, key=lambda run: (run.manifest.created, run.manifest.run))
    subjects = {subject for run in ordered for subject in run.counts}
    return tuple(
        _judged(subject, ordered)
        for subject in sorted(subjects, key=lambda it: (it.scenario, it.model))
    )


def comparable(runs: Sequence[PastRun], subject: Subject) -> tuple[PastRun, ...]:
    """Return the runs that make one history: those under the conditions of the newest one.

    What repeats an earlier run tells nothing new and is left out: replays, and an offline model
    that was asked again with the same seed.

    Args:
        runs: oldest first.
        subject: whose history it is.
    """
    told = [run for run in runs if subject in run.counts and not run.manifest.replays]
    if not told:
        return ()
    newest = _conditions(told[-1].manifest, subject)
    alike = [run for run in told if _conditions(run.manifest, subject) == newest]
    offline = {item.reference for item in told[-1].manifest.models if item.offline}
    if subject.model in offline:
        latest = {run.manifest.seed: run for run in alike}
        alike = [run for run in alike if latest[run.manifest.seed] is run]
    return tuple(alike)


def standing_of(history: Sequence[Counts]) -> Standing:
    """Judge a history of verdicts, oldest run first.

    >>> mixed, passing = Counts(passed=2, failed=3), Counts(passed=5)
    >>> [standing_of(runs).value for runs in ([mixed] * 6, [passing] * 6, [passing, mixed] * 1)]
    ['flaky', 'steady', 'too few trials']
    >>> standing_of([passing] * 4 + [mixed] * 4).value
    'changed'
    """
    cut, whole = halves(history), total(history)
    if cut is None or whole.trials < FEWEST_TRIALS:
        return Standing.TOO_FEW
    if not whole.passed or not whole.failed:
        return Standing.STEADY
    change = change_point(history)
    if change is not None and change.p_value <= CHANGE_ALPHA:
        return Standing.CHANGED
    if not (_mixed(cut.before) and _mixed(cut.after)):
        return Standing.STEADY
    return Standing.CHANGED if stable_end(history) >= STABLE_END else Standing.FLAKY


def _mixed(half: Counts) -> bool:
    """Say whether a half has more of either verdict than a stable scenario shows by chance."""
    return all(
        events and chance_of_as_many(events, half.trials, rate=1 - STABLE) <= HALF_ALPHA
        for events in (half.passed, half.failed)
    )


def _judged(subject: Subject, runs: Sequence[PastRun]) -> Judged:
    chosen = comparable(runs, subject)
    history = tuple(run.counts[subject] for run in chosen)
    standing = standing_of(history)
    return Judged(
        subject=subject,
        standing=standing,
        history=history,
        findings=sum(run.findings.get(subject, 0) for run in chosen),
        evidence=_evidence(history, standing),
    )


def _evidence(history: Sequence[Counts], standing: Standing) -> str:
    """Say in one line what speaks for the standing."""
    whole = total(history)
    said = f"{whole.passed} of {whole.trials} trials passed in {len(history)} runs"
    change, cut = change_point(history), halves(history)
    if change is None or cut is None:
        return said
    if standing is Standing.CHANGED:
        return f"{said}: {_sides(change.split)} (p = {change.p_value:.2g})"
    if standing is Standing.FLAKY:
        return f"{said}, {_sides(cut)}; no change point (p = {change.p_value:.2g})"
    return said


def _sides(cut: Split) -> str:
    before, after = cut.before, cut.after
    return (
        f"{before.passed} of {before.trials} in the first {cut.at} and "
        f"{after.passed} of {after.trials} since"
    )


def _conditions(manifest: Manifest, subject: Subject) -> tuple[str, dict[str, str]] | None:
    """Return what must be equal to count two runs as one history."""
    described = next((item for item in manifest.scenarios if item.id == subject.scenario), None)
    if described is None:
        return None
    others = tuple(f"{name}." for name in manifest.comparability if name != described.environment)
    key = {
        name: value
        for name, value in manifest.key(subject.model).items()
        if not name.startswith(others)
    }
    return described.digest, key
