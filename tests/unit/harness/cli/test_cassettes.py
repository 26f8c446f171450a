"""Prove that stale recordings are found, told with their cause, and pruned when asked."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from harness.cli.app import app
from tests.worlds import SMALL_WORLD, a_world

MODEL = "plangate/keyword"


def plangate(*arguments: str | Path) -> Result:
    """Run `plangate eval` in this process."""
    return CliRunner().invoke(
        app, [str(part) for part in arguments], catch_exceptions=False, env={"COLUMNS": "200"}
    )


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """Record two trials of two scenarios."""
    found = a_world(tmp_path)
    done = plangate(
        "run", found, "--model", MODEL, "--trials", "2", "--record", "--no-track", "--output",
        tmp_path / "run",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return found


def test_what_was_just_recorded_replays(world: Path) -> None:
    """Every trial of it."""
    result = plangate("cassettes", world)

    assert result.exit_code == 0, result.output
    assert "plangate/keyword: 4 trials replay, 0 are stale" in result.output


def test_what_changed_since_is_named(world: Path, tmp_path: Path) -> None:
    """The scenario whose message changed is stale, and says so."""
    a_world(tmp_path, SMALL_WORLD.replace('"value": 3', '"value": 4'))

    result = plangate("cassettes", world)
    found = orjson.loads(plangate("cassettes", world, "--json").stdout)

    assert result.exit_code == 4
    assert "counter-set-three, trial 0: since the recording the message changed" in result.output
    assert [item["scenario"] for item in found[0]["stale"]] == ["counter-set-three"] * 2


def test_many_stale_trials_are_counted(world: Path, tmp_path: Path) -> None:
    """The list is as long as asked."""
    a_world(tmp_path, SMALL_WORLD.replace('"value": 3', '"value": 4'))

    assert "and 1 more" in plangate("cassettes", world, "--show", "1").output


def test_recordings_of_scenarios_that_are_gone_are_pruned(world: Path, tmp_path: Path) -> None:
    """Only when asked."""
    a_world(tmp_path, SMALL_WORLD.replace("counter-set-three", "counter-set-others"))

    assert "1 recorded scenarios are gone" in plangate("cassettes", world).output
    assert "(pruned)" in plangate("cassettes", world, "--prune").output
    assert "0 recorded scenarios are gone" in plangate("cassettes", world).output


def test_without_recordings_there_is_nothing_to_report(tmp_path: Path) -> None:
    """The command that records is named."""
    result = plangate("cassettes", a_world(tmp_path))

    assert result.exit_code == 5
    assert "--record" in result.stderr
