"""Check which failing trials are shown when not all can be."""

from pathlib import Path

from harness.record import read_run
from harness.reporting.selection import Selection, worst_pairs, worst_trials
from harness.trial import TrialRecord
from runtime.public import JsonObject
from tests.unit.harness.reporting.builders import a_failed_trial, a_lost_trial, a_run, a_trial

HARMLESS: JsonObject = {"scores": {"plan": {"value": 0.0, "passed": False}}}
TRIALS = (
    a_lost_trial("s-a", index=0),
    a_failed_trial("s-a", index=2, **HARMLESS),
    a_failed_trial("s-a", index=1, **HARMLESS),
    a_trial("s-b", index=0),
    a_failed_trial("s-c", index=1),
    a_failed_trial("s-c", index=0),
)


def _names(selection: Selection) -> list[tuple[str, int]]:
    return [(record.key.scenario, record.key.index) for record in selection.shown]


def test_many_scenarios_come_before_many_repeats(tmp_path: Path) -> None:
    """First failures lead, findings among them first; lost trials come last."""
    chosen = worst_trials(read_run(a_run(tmp_path, TRIALS)), most=10)

    assert _names(chosen) == [("s-c", 0), ("s-a", 1), ("s-c", 1), ("s-a", 2), ("s-a", 0)]
    assert chosen.left_out == 0


def test_what_does_not_fit_is_counted(tmp_path: Path) -> None:
    """The bound holds, and the rest is a number."""
    chosen = worst_trials(read_run(a_run(tmp_path, TRIALS)), most=2)

    assert _names(chosen) == [("s-c", 0), ("s-a", 1)]
    assert chosen.left_out == 3


def test_pairs_show_their_first_failure_only(tmp_path: Path) -> None:
    """Repeats and lost trials are not further pairs."""
    chosen = worst_pairs(read_run(a_run(tmp_path, TRIALS)), most=1)

    assert (_names(chosen), chosen.left_out) == ([("s-c", 0)], 1)


def test_the_order_in_which_trials_ended_does_not_matter(tmp_path: Path) -> None:
    """Concurrency changes the file, not the report."""
    backwards: tuple[TrialRecord, ...] = TRIALS[::-1]
    one = worst_trials(read_run(a_run(tmp_path / "one", TRIALS)), most=4)
    other = worst_trials(read_run(a_run(tmp_path / "other", backwards)), most=4)

    assert one == other
