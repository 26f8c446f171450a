"""Results leave in the format that the file's ending names."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pandas as pd
import pytest

from harness.cli.export import export_command
from tests.unit.harness.reporting.builders import a_failed_trial, a_run, a_trial

READERS: Final[dict[str, Callable[[Path], pd.DataFrame]]] = {
    "parquet": pd.read_parquet,
    "csv": pd.read_csv,
    "jsonl": lambda path: pd.read_json(path, lines=True),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a run of two trials."""
    return a_run(tmp_path / "run", [a_trial(), a_failed_trial(index=1)])


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_several_runs_make_one_file(
    folder: Path, tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says how many trials it wrote."""
    output = tmp_path / f"results.{ending}"

    assert export_command((folder, folder), output=output) == 0

    assert list(READERS[ending](output)["findings"]) == [0, 1, 0, 1]
    assert capsys.readouterr().out == f"Wrote 4 trials to {output}\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("r.xlsx", "ends in '.xlsx', expected one of .parquet, .csv", id="no format"),
        pytest.param("none/r.csv", "can't be written", id="no folder"),
    ],
)
def test_what_can_not_be_written_is_a_wrong_configuration(
    folder: Path, tmp_path: Path, name: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the file."""
    assert export_command((folder,), output=tmp_path / name) == 5
    error = capsys.readouterr().err
    assert message in error
    assert name in error


def test_what_is_no_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written for it."""
    assert export_command((tmp_path,), output=tmp_path / "r.csv") == 5
    assert "is no run" in capsys.readouterr().err
    assert not (tmp_path / "r.csv").exists()


@pytest.mark.parametrize(
    ("missing", "ending"), [("pandas", "csv"), ("pandas", "parquet"), ("pyarrow", "parquet")]
)
def test_a_missing_package_is_named(
    missing: str,
    ending: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The base package works without the extra."""
    monkeypatch.setitem(sys.modules, missing, None)

    assert export_command((folder,), output=folder / f"r.{ending}") == 5
    assert f"{missing} is not installed; install plangate[eval]" in capsys.readouterr().err
