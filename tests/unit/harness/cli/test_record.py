"""Reports are written anew and baselines are blessed, of whole runs only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.baseline import Baseline
from harness.cli.reading import CONFIGURATION
from harness.cli.record import baseline_command, report_command
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_lost_trial,
    a_run,
    a_trial,
)

KEYWORD = "plangate/keyword"


def test_reports_are_written_anew(tmp_path: Path) -> None:
    """A finished run can be reported again at any time."""
    folder = a_run(tmp_path / "run", [a_trial()])

    assert report_command(folder) == 0
    assert (folder / "report.html").is_file()


def test_a_folder_that_is_no_run_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both commands say which folder and why."""
    assert report_command(tmp_path) == CONFIGURATION
    assert baseline_command(tmp_path, models=(), baselines=tmp_path) == CONFIGURATION

    assert capsys.readouterr().err.count(f"{tmp_path} is no run") == 2


def test_each_model_gets_its_baseline(tmp_path: Path) -> None:
    """Shares of passed trials and digests of scenarios become the ones to beat."""
    folder = a_run(tmp_path / "run", [a_trial(), a_failed_trial(model=KEYWORD)])

    assert baseline_command(folder, models=(), baselines=tmp_path / "deep" / "b") == 0

    files = sorted((tmp_path / "deep" / "b").iterdir())
    assert [path.name for path in files] == ["plangate-keyword.json", "plangate-oracle.json"]
    blessed = Baseline.model_validate_json(files[1].read_bytes())
    assert (blessed.model, blessed.run) == (ORACLE, "run_01")
    assert blessed.scenarios["helpdesk-refund"].passed == 1
    assert blessed.key["helpdesk.registry"] == "sha256:01"


def test_only_the_named_model_is_blessed(tmp_path: Path) -> None:
    """The lost trials of another model don't stand in the way."""
    folder = a_run(tmp_path / "run", [a_trial(), a_lost_trial(model=KEYWORD)])

    assert baseline_command(folder, models=(ORACLE,), baselines=tmp_path / "b") == 0

    assert [path.name for path in (tmp_path / "b").iterdir()] == ["plangate-oracle.json"]


@pytest.mark.parametrize(
    ("changes", "models", "message"),
    [
        pytest.param({"finished": False}, (), "is not a whole run", id="unfinished"),
        pytest.param({"tags": ["refund"]}, (), "is not a whole run", id="restricted by tags"),
        pytest.param({}, ("openai/x",), "no model openai/x in this run", id="unknown model"),
        pytest.param({}, (), f"trials of {KEYWORD} were lost", id="lost trials"),
        pytest.param({}, (KEYWORD,), f"trials of {KEYWORD} were lost", id="lost, by name"),
    ],
)
def test_a_run_that_is_not_whole_is_never_a_baseline(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    models: tuple[str, ...],
    message: str,
) -> None:
    """Exit code 5, the reason on stderr, and no file is written."""
    trials = [a_trial(), a_lost_trial(model=KEYWORD)]
    folder = a_run(tmp_path / "run", trials, **changes)

    assert baseline_command(folder, models=models, baselines=tmp_path / "b") == CONFIGURATION

    assert message in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_a_place_that_can_not_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both commands say so instead of failing with a trace."""
    folder = a_run(tmp_path / "run", [a_trial()])
    (folder / "report.html").mkdir()
    (tmp_path / "file").touch()

    assert baseline_command(folder, models=(), baselines=tmp_path / "file") == CONFIGURATION
    assert report_command(folder) == CONFIGURATION

    told = capsys.readouterr().err
    assert "file can't be made" in told
    assert "report.html" in told


def test_a_run_that_was_killed_is_never_a_baseline(tmp_path: Path) -> None:
    """Without a summary a run has not ended."""
    folder = a_run(tmp_path / "run", [a_trial()])
    (folder / "summary.json").unlink()

    assert baseline_command(folder, models=(), baselines=tmp_path / "b") == CONFIGURATION
