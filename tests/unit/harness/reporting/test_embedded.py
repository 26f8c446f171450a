"""Check what the page's script is given: complete, bounded, and unable to leave its element."""

from pathlib import Path

import orjson

from harness.record import read_run
from harness.reporting.embedded import (
    MOST_OPERATIONS,
    MOST_TEXT,
    document,
    trial_document,
)
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_comparison,
    a_failed_trial,
    a_lost_trial,
    a_run,
    a_trial,
)


def test_cells_count_passed_scored_findings_and_lost(tmp_path: Path) -> None:
    """Each pair of model and scenario has its four numbers."""
    trials = [
        a_trial("s-a", "m/one", 0),
        a_failed_trial("s-a", "m/one", 1),
        a_lost_trial("s-b", "m/one", 0),
        a_trial("s-a", "m/two", 0),
    ]

    cells = document(read_run(a_run(tmp_path, trials)), most=9, most_bytes=9999)["cells"]

    assert cells == [[[1, 2, 1, 0], [0, 0, 0, 1]], [[1, 1, 0, 0], [0, 0, 0, 0]]]


def test_bounds_hold_and_are_told(tmp_path: Path) -> None:
    """Too many or too large trials are left out and counted."""
    run = read_run(a_run(tmp_path, [a_failed_trial(f"s-{n}") for n in range(6)]))

    few = document(run, most=4, most_bytes=10**6)
    small = document(run, most=4, most_bytes=2 * len(orjson.dumps(few["trials"][0])))

    assert (len(few["trials"]), few["leftOut"]) == (4, 2)
    assert (len(small["trials"]), small["leftOut"]) == (2, 4)


def test_a_scenario_is_told_once(tmp_path: Path) -> None:
    """What repeats belong to stands with the scenario, not with each trial."""
    run = read_run(a_run(tmp_path, [a_failed_trial(index=n) for n in range(3)]))

    page = document(run, most=9, most_bytes=10**6)

    assert list(page["told"]) == ["helpdesk-refund"]
    assert all("golden" not in trial and "message" not in trial for trial in page["trials"])


def test_long_texts_and_diffs_are_cut() -> None:
    """One trial can't make the page unusable."""
    operation = {"op": "add", "path": "/a", "value": ["x" * (MOST_TEXT + 5)]}
    trial = trial_document(a_failed_trial(state_diff=(operation,) * (MOST_OPERATIONS + 3)))

    assert len(trial["state_diff"]) == MOST_OPERATIONS
    assert trial["state_diff_left_out"] == 3
    assert trial["state_diff"][0]["value"][0].endswith("… (5 more characters)")


def test_an_outcome_keeps_refusals_and_drops_what_steps_changed() -> None:
    """The page explains why a step did not run."""
    shown = trial_document(a_failed_trial())["outcome"]

    assert set(shown["steps"][0]) == {"action", "status", "refusal"}
    assert shown["steps"][0]["refusal"]["remedy"] == "ask for less"
    assert trial_document(a_lost_trial())["outcome"] is None


def test_what_got_worse_or_better_is_named_by_model(tmp_path: Path) -> None:
    """The filters know what changed since the base."""
    comparison = a_comparison(worse=("s-1",), better=("s-2",))
    run = read_run(a_run(tmp_path, [a_trial("s-1"), a_trial("s-2")], comparisons=[comparison]))

    assert document(run, most=9, most_bytes=9999)["moved"] == {
        ORACLE: {"s-1": "worse", "s-2": "better"}
    }
