"""Prove that two runs are compared as they should be, and that the exit code is the verdict."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from harness.cli.app import app
from tests.unit.harness.reporting.builders import a_failed_trial, a_run, a_trial

NAMES = [f"s-{at:03}" for at in range(200)]
KEYWORD = "plangate/keyword"


def compare(*arguments: str | Path) -> Result:
    """Run `plangate eval compare` in this process."""
    return CliRunner().invoke(
        app, ["compare", *map(str, arguments)], catch_exceptions=False, env={"COLUMNS": "200"}
    )


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Write a run that passed everything."""
    return a_run(tmp_path / "good", [a_trial(name) for name in NAMES])


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """Write a run that failed a quarter."""
    failed = [a_failed_trial(name) for name in NAMES[:50]]
    return a_run(tmp_path / "bad", [*failed, *(a_trial(name) for name in NAMES[50:])])


def test_a_loss_is_a_regression(good: Path, bad: Path) -> None:
    """With every figure that supports it."""
    result = compare(good, bad)

    assert result.exit_code == 1
    for told in ("regression", "-25.0%", "100.0%", "75.0%", "would be noticed", "s-000"):
        assert told in result.output


def test_a_gain_passes(good: Path, bad: Path) -> None:
    """The order of the runs is the direction."""
    result = compare(bad, good, "--json")

    found = orjson.loads(result.stdout)
    assert (result.exit_code, found["verdict"]) == (0, "pass")
    assert found["comparisons"][0]["tier"] == "improvement"


def test_unlike_runs_are_not_compared(good: Path, tmp_path: Path) -> None:
    """What differs is named with both values, and may be allowed."""
    other = a_run(
        tmp_path / "other",
        [a_trial(name) for name in NAMES],
        comparability={"helpdesk": {"registry": "sha256:02", "prompt": "3"}},
    )

    result = compare(good, other)
    allowed = compare(good, other, "--varied", "registry")

    assert result.exit_code == 3
    assert "helpdesk.registry: sha256:01 -> sha256:02" in result.output
    assert allowed.exit_code == 0


def test_two_models_are_compared_by_name(tmp_path: Path) -> None:
    """Of one run as well."""
    trials = [a_trial(name) for name in NAMES]
    trials += [a_failed_trial(name, model=KEYWORD) for name in NAMES]
    run = a_run(tmp_path / "run", trials)

    result = compare(run, run, "--base-model", "plangate/oracle", "--head-model", KEYWORD)

    assert result.exit_code == 1
    assert "plangate/oracle -> plangate/keyword" in result.output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["--head-model", "x/y"], "has no model x/y", id="no such model"),
        pytest.param(["--varied", "weather"], "expected one of registry, prompt", id="no part"),
    ],
)
def test_what_can_not_be_compared_is_told(good: Path, arguments: list[str], complaint: str) -> None:
    """Exit code 5."""
    result = compare(good, good, *arguments)

    assert result.exit_code == 5
    assert complaint in result.stderr


def test_runs_without_a_common_model_want_names(good: Path, tmp_path: Path) -> None:
    """So does a folder that is no run."""
    other = a_run(tmp_path / "other", [a_trial(name, model=KEYWORD) for name in NAMES])

    assert "no model is in both runs" in compare(good, other).stderr
    assert "is no run" in compare(good, tmp_path / "missing").stderr


def test_both_runs_are_written_side_by_side(good: Path, bad: Path, tmp_path: Path) -> None:
    """One page that opens anywhere."""
    compare(good, bad, "--html", tmp_path / "diff.html")

    assert "s-000" in (tmp_path / "diff.html").read_text()
