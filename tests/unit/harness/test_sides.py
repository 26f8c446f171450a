"""Prove that a side of a comparison holds a run's counts, and loses only what it is told to."""

from __future__ import annotations

from pathlib import Path

from harness.record import read_run
from harness.sides import only, side_of, without
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_lost_trial,
    a_run,
    a_trial,
)
from tests.unit.harness.test_compare import a_side


def test_a_side_counts_scored_trials(tmp_path: Path) -> None:
    """A scenario that lost all its trials was asked, but has no tally."""
    trials = [a_trial("a"), a_failed_trial("a", index=1), a_lost_trial("b")]
    run = read_run(a_run(tmp_path / "run", trials))
    summary = run.summary_of(ORACLE)
    assert summary is not None

    side = side_of(summary, run.manifest)

    tally = side.scenarios["a"]
    assert (tally.passed, tally.trials, tally.environment) == (1, 2, "helpdesk")
    assert set(side.scenarios) == {"a"}
    assert side.asked == {"a", "b"}
    assert side.key["helpdesk.registry"] == "sha256:01"


def test_scenarios_are_left_out_as_if_nobody_had_asked() -> None:
    """Neither counted nor missed."""
    side = a_side("+++")

    assert without(side, {"s-001"}) == only(side, {"s-000", "s-002"})
    assert without(side, {"s-001"}).asked == {"s-000", "s-002"}
    assert set(only(side, {"s-000"}).scenarios) == {"s-000"}
