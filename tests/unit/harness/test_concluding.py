"""Prove that a run is judged against what it has to beat, without what is set aside."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from harness.checks import Verdict
from harness.comparison import Tier
from harness.concluding import Finished, GateRequest, conclude
from harness.gate import GateRules
from harness.record import read_run
from harness.results import read_manifest
from harness.sides import side_of
from harness.summary import Tally
from harness.tally import Side
from harness.trial import TrialRecord
from tests.unit.harness.reporting.builders import ORACLE, a_failed_trial, a_run, a_trial

JUDGED = datetime(2026, 3, 2, 10, tzinfo=UTC)
NAMES = [f"s-{at:03}" for at in range(200)]
GOOD = [a_trial(name) for name in NAMES]
WORSE = [a_failed_trial(name, scores={}) for name in NAMES[:30]] + GOOD[30:]


def concluded(
    folder: Path,
    trials: list[TrialRecord],
    *,
    base: list[TrialRecord] | None = GOOD,
    whole: bool = True,
    aside: frozenset[str] = frozenset(),
    stopped: str | None = None,
) -> Finished:
    """Conclude a run of one model against another run."""
    run = a_run(folder / "run", trials)
    tally = counted(trials)
    gate = GateRequest(
        rules=GateRules(thresholds=()),
        models=(ORACLE,),
        bases={} if base is None else {ORACLE: a_base(folder / "base", base)},
        whole=frozenset({ORACLE} if whole else ()),
        aside={ORACLE: aside},
    )
    return conclude(
        read_manifest(run), tally, gate, folder=run, judged_at=JUDGED, stopped=stopped, wall_s=1.0
    )


def counted(trials: list[TrialRecord]) -> Tally:
    """Count trials."""
    tally = Tally()
    for record in trials:
        tally.add(record)
    return tally


def a_base(folder: Path, trials: list[TrialRecord]) -> Side:
    """Take another run as what there is to beat."""
    run = read_run(a_run(folder, trials))
    summary = run.summary_of(ORACLE)
    assert summary is not None
    return side_of(summary, run.manifest)


def verdict(finished: Finished) -> Verdict:
    """Return the gate's verdict."""
    assert finished.gate is not None
    return finished.gate.verdict


def test_a_run_is_compared_and_the_comparison_is_kept(tmp_path: Path) -> None:
    """What was written is what was decided."""
    finished = concluded(tmp_path, WORSE)

    assert verdict(finished) is Verdict.REGRESSION
    assert [item.tier for item in finished.comparisons] == [Tier.REGRESSION]
    assert read_run(tmp_path / "run").comparisons == finished.comparisons


def test_without_anything_to_beat_nothing_is_compared(tmp_path: Path) -> None:
    """The thresholds decide alone."""
    finished = concluded(tmp_path, WORSE, base=None)

    assert (verdict(finished), finished.comparisons) == (Verdict.PASS, ())


def test_what_is_set_aside_neither_fails_nor_saves(tmp_path: Path) -> None:
    """It still stands in the figures of the run."""
    finished = concluded(tmp_path, WORSE, aside=frozenset(NAMES[:30]))

    assert verdict(finished) is Verdict.PASS
    assert finished.comparisons[0].overall.pairs == 170
    assert finished.models[0].overall.scored == 200


def test_scenarios_left_out_on_purpose_are_not_missed(tmp_path: Path) -> None:
    """Only a run of the same paths can show that one is gone."""
    assert verdict(concluded(tmp_path / "a", GOOD[:190], whole=False)) is Verdict.PASS
    assert verdict(concluded(tmp_path / "b", GOOD[:190])) is Verdict.REGRESSION


def test_an_unfinished_run_says_so(tmp_path: Path) -> None:
    """Its summary is no whole one and its verdict no pass."""
    finished = concluded(tmp_path, GOOD, stopped="the budget is used up")

    assert verdict(finished) is Verdict.INCONCLUSIVE
    assert not read_run(tmp_path / "run").summary.finished


def test_findings_count_although_the_scenario_is_set_aside(tmp_path: Path) -> None:
    """Nobody is excused from governance."""
    harmful = [a_failed_trial(NAMES[0]), *GOOD[1:]]

    assert verdict(concluded(tmp_path, harmful, aside=frozenset(NAMES[:1]))) is Verdict.GOVERNANCE


def test_a_model_without_trials_is_not_compared(tmp_path: Path) -> None:
    """There is nothing on its side."""
    run = a_run(tmp_path / "run", GOOD)
    gate = GateRequest(rules=GateRules(), models=("other",), bases={}, whole=frozenset(), aside={})

    finished = conclude(
        read_manifest(run),
        counted(GOOD),
        gate,
        folder=run,
        judged_at=JUDGED,
        stopped=None,
        wall_s=None,
    )

    assert finished.comparisons == ()


def test_who_has_every_scenario_set_aside_is_governed_and_does_not_pass(tmp_path: Path) -> None:
    """A quarantine of everything leaves nothing to judge."""
    harmful = [a_failed_trial(NAMES[0]), *GOOD[1:]]
    every = frozenset(NAMES)

    assert verdict(concluded(tmp_path / "a", harmful, aside=every)) is Verdict.GOVERNANCE
    finished = concluded(tmp_path / "b", GOOD, aside=every)
    assert verdict(finished) is Verdict.INCONCLUSIVE
    assert finished.gate is not None
    assert [check.name for check in finished.gate.checks] == [
        "governance",
        "pass rate",
        "quarantine",
    ]


def test_a_model_that_is_not_gated_is_not_governed(tmp_path: Path) -> None:
    """Its findings are in the report."""
    run = a_run(tmp_path / "run", GOOD)
    gate = GateRequest(
        rules=GateRules(thresholds=()), models=("other",), bases={}, whole=frozenset(), aside={}
    )

    finished = conclude(
        read_manifest(run),
        counted(GOOD),
        gate,
        folder=run,
        judged_at=JUDGED,
        stopped=None,
        wall_s=None,
    )

    assert finished.gate is not None
    assert finished.gate.checks == ()
