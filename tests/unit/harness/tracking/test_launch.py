"""Whatever goes wrong with tracking is one line, and the run stays complete."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.tracking.launch import track_run
from tests.unit.harness.reporting.builders import a_run, a_trial
from tests.unit.harness.tracking.conftest import settings_for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a run of one trial."""
    return a_run(tmp_path / "run", [a_trial()])


def contents(folder: Path) -> dict[str, bytes]:
    """Read every file of a run."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("http://ann:secret@127.0.0.1:1", id="an absent server"),
        pytest.param("sqlite:////proc/none/mlflow.db", id="a folder that can't be made"),
        pytest.param("nonsense://x", id="an address of no kind"),
    ],
)
def test_a_store_that_fails_leaves_the_run_complete(folder: Path, uri: str) -> None:
    """The reason is one short line without the password, and no file of the run is touched."""
    before = contents(folder)

    reason = track_run(folder, settings_for(uri))

    assert reason
    assert reason.endswith(f"(tracking store {uri.replace('ann:secret@', '')})")
    assert "\n" not in reason
    assert "secret" not in reason
    assert len(reason) < 700
    assert contents(folder) == before


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    """The child's own complaint is passed on."""
    reason = track_run(tmp_path, settings_for(f"sqlite:///{tmp_path}/m.db"))

    assert reason is not None
    assert reason.startswith(f"RunError: {tmp_path} is no run")


def test_a_store_that_takes_too_long_is_given_up(folder: Path) -> None:
    """A run never hangs on its tracking."""
    reason = track_run(folder, settings_for("http://u:p@127.0.0.1:9"), timeout_s=0.05)

    assert reason == "no answer from http://127.0.0.1:9 within 0.05 s"


@pytest.mark.parametrize("missing", ["mlflow", "pandas"])
def test_without_mlflow_the_reason_says_what_to_install(
    folder: Path, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The base package works without the extra."""
    monkeypatch.setitem(sys.modules, missing, None)

    reason = track_run(folder, settings_for("sqlite:///m.db"))

    assert reason == "mlflow is not installed; install plangate[eval], or pass --no-track"
