"""Results come as a typed table and survive each format."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from harness.results import RunError
from harness.tracking.figures import COLUMNS
from harness.tracking.frame import TYPES, results_frame, table, write_frame
from tests.unit.harness.reporting.builders import a_failed_trial, a_lost_trial, a_run, a_trial

TRIALS = [a_trial(), a_failed_trial(index=1), a_lost_trial(index=2)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a run of one passed, one failed and one lost trial."""
    return a_run(tmp_path / "run", TRIALS)


def test_the_logged_table_has_a_row_for_each_trial() -> None:
    """Lost trials are in it too: their number is part of the truth."""
    found = table(TRIALS)

    assert tuple(found.columns) == COLUMNS
    assert list(found["passed"]) == [True, False, None]


def test_each_column_has_its_type(folder: Path) -> None:
    """A column of unknown values has the type that it always has."""
    frame = results_frame(folder)

    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert types == {**TYPES, "score_governance": "Float64", "score_plan": "Float64"}


def test_figures_are_those_of_the_records(folder: Path) -> None:
    """What is unknown is missing, never zero."""
    frame = results_frame(folder)

    passed, failed, lost = (frame.iloc[index] for index in range(3))
    assert (passed["run"], passed["digest"], passed["tags"]) == ("run_01", "sha256:aa", ["refund"])
    assert passed["created"] == pd.Timestamp("2026-03-02T10:00:00Z")
    assert (failed["findings"], failed["state_changes"], failed["score_plan"]) == (1, 2, 0.5)
    assert (failed["problems"], failed["dropped"], failed["trial"]) == (1, 1, 1)
    assert lost["passed"] is pd.NA
    assert lost["cost_micros"] is pd.NA
    assert lost["score_plan"] is pd.NA


def test_parquet_comes_back_equal(folder: Path, tmp_path: Path) -> None:
    """Types, missing values, instants and lists are kept."""
    frame = results_frame(folder, folder)
    write_frame(frame, tmp_path / "r.parquet")

    again = pd.read_parquet(tmp_path / "r.parquet")
    again["tags"] = again["tags"].map(list)

    pd.testing.assert_frame_equal(again, frame, check_dtype=True)
    assert len(frame) == 6


def test_a_run_without_trials_is_an_empty_table(tmp_path: Path) -> None:
    """It still has every column."""
    frame = results_frame(a_run(tmp_path / "run", []))

    assert list(frame.columns) == list(TYPES)
    assert len(frame) == 0


def test_csv_and_json_lines_hold_every_row(folder: Path, tmp_path: Path) -> None:
    """Tags are words in a cell of CSV and a list in JSON."""
    frame = results_frame(folder)
    write_frame(frame, tmp_path / "r.csv")
    write_frame(frame, tmp_path / "r.jsonl")

    assert list(pd.read_csv(tmp_path / "r.csv")["tags"]) == ["refund"] * 3
    lines = pd.read_json(tmp_path / "r.jsonl", lines=True)
    assert list(lines["tags"]) == [["refund"]] * 3
    assert set(lines["created"]) == {"2026-03-02T10:00:00.000Z"}


def test_what_is_no_run_or_no_format_is_refused(tmp_path: Path) -> None:
    """The message names the folder or the ending."""
    with pytest.raises(RunError, match="is no run"):
        results_frame(tmp_path)
    with pytest.raises(ValueError, match=r"'\.xls' is no format"):
        write_frame(pd.DataFrame(), tmp_path / "r.xls")
