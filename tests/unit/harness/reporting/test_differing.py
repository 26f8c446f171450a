"""Check what is said of each scenario of two runs, and which trials are shown of it."""

from pathlib import Path

import orjson
import pytest

from harness.record import RunRecord, read_run
from harness.reporting.differing import document, paired_models
from harness.trial import TrialRecord
from runtime.public import JsonObject
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_lost_trial,
    a_plan,
    a_run,
    a_trial,
)

OTHER_PLAN = {"kind": "plan", "plan": a_plan(("ticket.close@1", {"ticket": "t_100"}))}


def _pair(
    folder: Path, base: list[TrialRecord], head: list[TrialRecord]
) -> tuple[RunRecord, RunRecord]:
    return (
        read_run(a_run(folder / "base", base, run="run_00")),
        read_run(a_run(folder / "head", head)),
    )


def _rows(folder: Path, base: list[TrialRecord], head: list[TrialRecord]) -> list[JsonObject]:
    then, now = _pair(folder, base, head)
    rows: list[JsonObject] = document(then, now, paired_models(then, now))["rows"]
    return rows


@pytest.mark.parametrize(
    ("base", "head", "change"),
    [
        pytest.param([a_trial()], [a_trial()], "same", id="same"),
        pytest.param([a_trial()], [a_failed_trial()], "worse", id="worse"),
        pytest.param([a_failed_trial()], [a_trial()], "better", id="better"),
        pytest.param([a_trial()], [a_trial(proposal=OTHER_PLAN)], "plan", id="another plan"),
        pytest.param([a_trial()], [a_lost_trial()], "mixed", id="lost on one side"),
        pytest.param(
            [a_trial(), a_failed_trial(index=1)],
            [a_failed_trial(), a_trial(index=1)],
            "mixed",
            id="as many, but others",
        ),
    ],
)
def test_what_became_of_a_scenario(
    tmp_path: Path, base: list[TrialRecord], head: list[TrialRecord], change: str
) -> None:
    """Verdicts come before plans, plans before nothing."""
    (row,) = _rows(tmp_path, base, head)

    assert row["change"] == change
    assert ("headTrial" in row) is (change != "same")


def test_scenarios_of_one_side_are_rows_as_well(tmp_path: Path) -> None:
    """What is gone or new is seen."""
    rows = _rows(tmp_path, [a_trial("s-gone")], [a_trial("s-new")])

    assert [(row["scenario"], row["change"]) for row in rows] == [
        ("s-gone", "base only"),
        ("s-new", "head only"),
    ]
    assert all("headTrial" not in row and row["scores"] == [] for row in rows)


def test_another_text_is_not_judged(tmp_path: Path) -> None:
    """A scenario that was rewritten is neither worse nor better."""
    base = read_run(a_run(tmp_path / "base", [a_trial()]))
    place = base.manifest.scenarios[0].model_dump() | {"digest": "sha256:bb"}
    head = read_run(a_run(tmp_path / "head", [a_failed_trial()], scenarios=[place]))

    (row,) = document(base, head, [(ORACLE, ORACLE)])["rows"]

    assert row["change"] == "text"


def test_the_trial_that_differs_most_is_shown(tmp_path: Path) -> None:
    """A verdict that turned is shown rather than the first trial, and a plan rather than none."""
    turned = _rows(
        tmp_path / "1",
        [a_trial(index=n) for n in range(3)],
        [a_trial(index=0), a_trial(index=1, proposal=OTHER_PLAN), a_failed_trial(index=2)],
    )
    replanned = _rows(
        tmp_path / "2",
        [a_trial(index=n) for n in range(2)],
        [a_trial(index=0), a_trial(index=1, proposal=OTHER_PLAN)],
    )

    assert (turned[0]["index"], replanned[0]["index"]) == (2, 1)
    assert turned[0]["baseTrial"]["index"] == turned[0]["headTrial"]["index"] == 2


def test_figures_that_moved_are_told(tmp_path: Path) -> None:
    """Scores, cost and latency of both sides, as means over trials."""
    base = [a_trial(cost_micros=10, latency_s=1.0), a_trial(index=1, cost_micros=30, latency_s=3.0)]
    head = [a_failed_trial(cost_micros=None), a_lost_trial(index=1)]

    (row,) = _rows(tmp_path, base, head)

    assert row["base"] == {"passed": 2, "scored": 2, "lost": 0, "cost": 20.0, "latency": 2.0}
    assert row["head"] == {"passed": 0, "scored": 1, "lost": 1, "cost": None, "latency": 0.25}
    assert row["scores"] == [["governance", None, 1.0], ["plan", 1.0, 0.5]]


def test_what_is_only_measured_is_told_once(tmp_path: Path) -> None:
    """Cost and latency have figures of their own, so they are no scores that moved."""
    measured = {"latency": {"value": 9.0, "passed": None}, "cost": {"value": 9.0, "passed": None}}

    (row,) = _rows(tmp_path, [a_trial()], [a_trial(scores=measured)])

    assert row["scores"] == [["plan", 1.0, None]]


def test_rows_come_most_telling_first_and_bounded(tmp_path: Path) -> None:
    """What did not fit is counted, its verdict is there all the same."""
    names = [f"s-{number}" for number in range(4)]
    base, head = _pair(
        tmp_path,
        [a_trial(name) for name in names],
        [a_trial("s-0"), *(a_failed_trial(name) for name in names[1:])],
    )
    whole = document(base, head, [(ORACLE, ORACLE)])
    one = len(orjson.dumps({k: v for k, v in whole["rows"][0].items() if k.endswith("Trial")}))

    part = document(base, head, [(ORACLE, ORACLE)], most_bytes=2 * one)

    assert [row["scenario"] for row in whole["rows"]] == ["s-1", "s-2", "s-3", "s-0"]
    assert whole["leftOut"] == 0
    assert 1 <= part["leftOut"] <= 2
    assert len(part["rows"]) == 4


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        pytest.param("ab", "bc", (("b", "b"),), id="of the same name"),
        pytest.param("a", "b", (("a", "b"),), id="alone on both sides"),
        pytest.param("ab", "c", (), id="nothing in common"),
    ],
)
def test_models_are_paired(
    tmp_path: Path, before: str, after: str, pairs: tuple[tuple[str, str], ...]
) -> None:
    """Names decide; two single models belong together whatever their names."""
    base, head = _pair(
        tmp_path, [a_trial(model=name) for name in before], [a_trial(model=name) for name in after]
    )

    assert paired_models(base, head) == pairs


def test_trials_without_a_common_number_are_not_shown(tmp_path: Path) -> None:
    """There is no pair to lay side by side, and still a verdict."""
    (row,) = _rows(tmp_path, [a_trial(index=0)], [a_failed_trial(index=1)])

    assert row["change"] == "worse"
    assert "headTrial" not in row


def test_what_nobody_tried_is_no_row(tmp_path: Path) -> None:
    """A scenario that both runs left undone has nothing to show, and no score is no mean."""
    crashed = {"plan": {"value": None, "passed": None, "error": "died"}}
    place = read_run(a_run(tmp_path / "0", [a_trial("s-undone")])).manifest.scenarios[0]
    base = read_run(a_run(tmp_path / "1", [a_trial(scores=crashed)]))
    both = [item.model_dump() for item in (place, *base.manifest.scenarios)]
    head = read_run(a_run(tmp_path / "2", [a_trial()], scenarios=both))

    (row,) = document(base, head, [(ORACLE, ORACLE)])["rows"]

    assert row["scenario"] == "helpdesk-refund"
    assert row["scores"] == [["plan", None, 1.0]]
