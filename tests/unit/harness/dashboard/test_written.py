"""Check that reports are served as written, or made anew where they are old."""

import os
from pathlib import Path

import pytest

from harness.dashboard.written import comparison_of, report_of
from harness.results import RunError
from tests.unit.harness.reporting.builders import a_failed_trial, a_run, a_trial


def test_a_report_is_served_as_it_was_written(tmp_path: Path) -> None:
    """Nobody renders again what lies there."""
    folder = a_run(tmp_path, [a_trial()])
    (folder / "report.html").write_text("as written")

    assert report_of(folder) == "as written"


@pytest.mark.parametrize("newer", ["results.jsonl", "summary.json", "gate.json"])
def test_an_old_report_is_made_anew(tmp_path: Path, newer: str) -> None:
    """A run that was resumed or is being resumed shows what it is now."""
    folder = a_run(tmp_path, [a_trial()])
    (folder / "report.html").write_text("as written")
    written_ns = (folder / "report.html").stat().st_mtime_ns
    if newer == "gate.json":
        (folder / newer).write_text('{"verdict": "pass", "checks": []}')
    os.utime(folder / newer, ns=(written_ns + 1, written_ns + 1))

    assert "<!doctype html>" in report_of(folder)


def test_a_run_that_goes_on_has_a_report(tmp_path: Path) -> None:
    """It is counted from the trials so far."""
    folder = a_run(tmp_path, [a_trial()])
    (folder / "summary.json").unlink()

    assert "Unfinished" in report_of(folder)


def test_two_runs_are_shown_side_by_side(tmp_path: Path) -> None:
    """The page names both."""
    base = a_run(tmp_path / "a", [a_trial()])
    head = a_run(tmp_path / "b", [a_failed_trial()], run="run_02")
    page = comparison_of(base, head)

    assert "run_01" in page
    assert "run_02" in page


def test_a_damaged_run_is_told(tmp_path: Path) -> None:
    """Neither page is made of half a run."""
    folder = a_run(tmp_path / "a", [a_trial()])
    broken = a_run(tmp_path / "b", [a_trial()])
    (broken / "manifest.json").write_text("{")

    with pytest.raises(RunError, match="damaged"):
        report_of(broken)
    with pytest.raises(RunError, match="damaged"):
        comparison_of(folder, broken)


def test_a_report_is_made_anew_where_nobody_vouches_for_what_is_written(tmp_path: Path) -> None:
    """However new the written one is."""
    run = a_run(tmp_path / "run", [a_trial()])
    (run / "report.html").write_text("<script>evil()</script>")

    assert report_of(run) == "<script>evil()</script>"
    assert "evil()" not in report_of(run, anew=True)
