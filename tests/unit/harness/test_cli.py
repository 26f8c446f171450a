"""Prove what the commands print and return, in this process and without any provider."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from harness.baseline import Baseline
from harness.cli.app import app
from harness.trial import TrialRecord
from tests.unit.harness.reporting.builders import (
    ORACLE,
    a_failed_trial,
    a_lost_trial,
    a_run,
    a_trial,
)
from tests.worlds import a_world

CLOSED = "openai/any?transport=http&api_base=http://127.0.0.1:1/v1&retries=0"
"""A model that nobody serves; it opens without LiteLLM."""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def plangate(*arguments: str | Path) -> Result:
    """Run `plangate eval` in this process."""
    return CliRunner().invoke(app, [str(part) for part in arguments], catch_exceptions=False)


def test_validate_counts_what_is_sound(tmp_path: Path) -> None:
    """In words and as JSON."""
    world = a_world(tmp_path)

    assert "2 scenarios in 1 files are sound" in plangate("validate", world).output
    found = orjson.loads(plangate("validate", world, "--json").stdout)
    assert found == {"valid": True, "scenarios": 2, "golden_plans": 2}


def test_validate_lists_problems_as_json(tmp_path: Path) -> None:
    """Tools read file, line and message."""
    result = plangate("validate", a_world(tmp_path, "a: ["), "--json")

    assert result.exit_code == 5
    (problem,) = orjson.loads(result.stdout)["problems"]
    assert (problem["file"], problem["line"]) == ("world/cases.yaml", 1)
    assert "world/cases.yaml:1: not YAML" in result.stderr


def test_list_restricts_by_tag(tmp_path: Path) -> None:
    """In words and as JSON."""
    world = a_world(tmp_path)

    assert "2 scenarios" in plangate("list", world).output
    found = orjson.loads(plangate("list", world, "--tag", "chain", "--json").stdout)
    assert [item["id"] for item in found] == ["counter-set-then-move"]
    assert plangate("list", "missing").exit_code == 5


def test_the_schema_is_printed_or_written(tmp_path: Path) -> None:
    """Both are the same document."""
    printed = plangate("schema").stdout
    plangate("schema", "--output", tmp_path / "schema.json")

    assert orjson.loads(printed)["title"] == "Plangate scenario file"
    assert (tmp_path / "schema.json").read_text() == printed


def run(world: Path, *arguments: str) -> Result:
    """Run against the closed door."""
    return plangate("run", world, "--model", CLOSED, "--output", "run", "--no-track", *arguments)


def test_a_folder_that_can_not_be_made_ends_a_run(tmp_path: Path) -> None:
    """With a message, not a trace."""
    (tmp_path / "file").touch()

    result = plangate("run", a_world(tmp_path), "--model", CLOSED, "--output", "file/run")

    assert result.exit_code == 4
    assert "folder file/run can't be made" in result.stderr


def test_a_run_that_lost_everything_is_reported_and_can_be_resumed(tmp_path: Path) -> None:
    """Exit code 4, with a report, gated or not."""
    first = run(a_world(tmp_path), "--gate")
    second = plangate("run", "--resume", "run", "--no-track", "--json")

    assert (first.exit_code, second.exit_code) == (4, 4)
    assert "gate: infrastructure (exit code 4)" in first.output
    assert orjson.loads(second.stdout)["models"][0]["overall"]["infrastructure"] == 2
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        pytest.param("rules.yaml", "max_drp: 1\n", "rules.yaml:1: max_drp", id="unknown rule"),
        pytest.param(
            "rules.yaml",
            "max_drop: 0\nthresholds: [{pass_rate: 3}]\n",
            "rules.yaml:2: thresholds.0.pass_rate",
            id="rate above one",
        ),
    ],
)
def test_rules_that_make_no_sense_are_told_by_line(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    """Before anything is asked."""
    (tmp_path / name).write_text(text)

    result = run(a_world(tmp_path), "--gate", "--gate-rules", name)

    assert result.exit_code == 5
    assert message in result.stderr


@pytest.mark.parametrize("name", ["taken", "taken/run"])
def test_an_output_that_can_not_be_a_folder_is_told(tmp_path: Path, name: str) -> None:
    """A file stands in the way; there is no traceback."""
    world = a_world(tmp_path)
    (tmp_path / "taken").write_text("mine")

    result = plangate("run", world, "--model", CLOSED, "--output", name, "--no-track")

    assert result.exit_code == 4
    assert f"folder {name} can't be made" in result.stderr
    assert (tmp_path / "taken").read_text() == "mine"


def test_rules_beside_the_scenarios_are_found(tmp_path: Path) -> None:
    """`gate.yaml` in the folder that is asked for."""
    world = a_world(tmp_path)
    (world / "gate.yaml").write_text("max_drop: x\n")

    assert "gate.yaml:1: max_drop" in run(world, "--gate").stderr


def test_a_damaged_baseline_is_told(tmp_path: Path) -> None:
    """A gate without its baseline would be weaker than anybody thinks."""
    folder = tmp_path / "baselines"
    folder.mkdir()
    name = "openai-any-transport-http-api-base-http-127.0.0.1-1-v1-retries-0.json"
    (folder / name).write_text("{}")

    result = run(a_world(tmp_path), "--gate", "--baselines", "baselines")

    assert result.exit_code == 5
    assert "is damaged" in result.stderr


def test_the_baseline_of_another_model_is_told(tmp_path: Path) -> None:
    """Two names may give one file name; a model is only compared with itself."""
    other = "openai/any-transport-http?api_base=http://127.0.0.1:1/v1&retries=0"
    folder = a_run(tmp_path / "run0", [a_trial(model=other)])
    assert plangate("baseline", folder, "--baselines", "kept").exit_code == 0

    result = run(a_world(tmp_path), "--gate", "--baselines", "kept")

    assert result.exit_code == 5
    assert f"is that of {other}, not of {CLOSED}" in result.stderr


def test_deleted_scenarios_are_noticed_however_the_path_is_spelled(tmp_path: Path) -> None:
    """An absolute path is no other choice of scenarios."""
    folder = a_run(tmp_path / "run0", [a_trial("gone", model=CLOSED)], paths=["world"])
    assert plangate("baseline", folder, "--baselines", "kept").exit_code == 0

    result = run(a_world(tmp_path).resolve(), "--gate", "--baselines", "kept")

    assert result.exit_code == 1
    assert "1 scenarios are gone: gone" in " ".join(result.output.split())


def test_a_report_is_written_anew(tmp_path: Path) -> None:
    """From the folder alone."""
    folder = a_run(tmp_path / "run", [a_trial()])

    assert plangate("report", folder).exit_code == 0
    assert (folder / "report.html").exists()
    assert plangate("report", "missing").exit_code == 5


def test_a_blessed_run_is_the_one_to_beat(tmp_path: Path) -> None:
    """One file a model, with the count of each scenario."""
    folder = a_run(tmp_path / "run", [a_trial("a"), a_failed_trial("b")])

    result = plangate("baseline", folder, "--baselines", "kept")

    assert result.exit_code == 0, result.output
    kept = Baseline.model_validate_json((tmp_path / "kept" / "plangate-oracle.json").read_bytes())
    assert {name: item.passed for name, item in kept.scenarios.items()} == {"a": 1, "b": 0}


@pytest.mark.parametrize(
    ("trials", "arguments", "message"),
    [
        pytest.param([a_trial("a"), a_lost_trial("b")], [], "lost to infrastructure", id="lost"),
        pytest.param([a_trial("a")], ["--model", "m/x"], "no model m/x in this run", id="unknown"),
    ],
)
def test_only_whole_runs_are_blessed(
    tmp_path: Path, trials: list[TrialRecord], arguments: list[str], message: str
) -> None:
    """A baseline with holes would let regressions through."""
    folder = a_run(tmp_path / "run", trials)

    result = plangate("baseline", folder, *arguments)

    assert result.exit_code == 5
    assert message in result.stderr


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"finished": False}, id="interrupted"),
        pytest.param({"tags": ["chain"]}, id="restricted"),
    ],
)
def test_a_part_of_a_run_is_not_blessed(tmp_path: Path, changes: dict[str, object]) -> None:
    """Nor is one that left scenarios out."""
    folder = a_run(tmp_path / "run", [a_trial()], **changes)  # type: ignore[arg-type]  # a table

    assert "is not a whole run" in plangate("baseline", folder, "--model", ORACLE).stderr
