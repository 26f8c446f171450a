"""A champion is told by the run that was blessed, through a child process."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.tracking.champion import champion_of, move_champion
from tests.unit.harness.reporting.builders import ORACLE, a_run, a_trial
from tests.unit.harness.tracking.conftest import Logged, settings_for

pytestmark = pytest.mark.timeout(180)  # whole commands in child processes

NEW = "plangate/new"


def test_a_champion_is_moved_and_read_back(logged: Logged, tmp_path: Path) -> None:
    """Only the models that are named get one."""
    folder = a_run(tmp_path / "run", [a_trial(model=NEW), a_trial(model="plangate/newer")])
    settings = settings_for(logged.store.uri)

    assert move_champion(folder, [NEW], settings) is None

    champion = champion_of(NEW, settings)
    assert champion is not None
    assert (champion.model, champion.run, champion.version) == (NEW, "run_01", "1")
    assert champion_of("plangate/newer", settings) is None


def test_a_champion_that_can_not_be_moved_is_said(tmp_path: Path) -> None:
    """The reason is that of the child."""
    reason = move_champion(tmp_path, [ORACLE], settings_for(f"sqlite:///{tmp_path}/m.db"))

    assert reason is not None
    assert reason.startswith(f"RunError: {tmp_path} is no run")
