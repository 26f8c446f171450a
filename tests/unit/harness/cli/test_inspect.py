"""The commands that look at scenarios print what they found, or `file:line: message` and 5."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.cli.inspect import list_command, schema_command, validate_command
from harness.cli.reading import CONFIGURATION

SHIPPED = Path(__file__).parents[4] / "scenarios" / "counter" / "numbers.yaml"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with one good scenario."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_bytes(SHIPPED.read_bytes())
    return Path()


def test_sound_scenarios_are_counted(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Golden plans are executed, not only read."""
    assert validate_command((folder,), as_json=False) == 0

    assert "scenarios in 1 files are sound" in capfd.readouterr().out


def test_validation_as_json(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Programs read the same counts."""
    assert validate_command((folder,), as_json=True) == 0

    found = orjson.loads(capfd.readouterr().out)
    assert found["valid"] is True
    assert found["scenarios"] >= found["golden_plans"] > 0


@pytest.mark.parametrize("as_json", [False, True])
def test_a_bad_file_is_named_with_its_line(
    folder: Path, capfd: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    """The problem stands on stderr for people, and in the document for programs."""
    (folder / "bad.yaml").write_text("environment: counter\nscenarios: 3\n", encoding="utf-8")

    assert validate_command((folder / "bad.yaml",), as_json=as_json) == CONFIGURATION

    told = capfd.readouterr()
    assert told.err.startswith("bad.yaml:2: ")
    if as_json:
        problem = orjson.loads(told.out)["problems"][0]
        assert (problem["file"], problem["line"]) == ("bad.yaml", 2)


def test_listing_shows_where_each_scenario_stands(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A line of the list leads to the line of the file."""
    assert list_command((folder,), tags=(), as_json=False) == 0

    out = capfd.readouterr().out
    assert "good.yaml:" in out
    assert out.rstrip().endswith("scenarios")


def test_listing_keeps_what_has_all_tags(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """An environment counts as a tag; an unknown tag leaves nothing."""
    assert list_command((folder,), tags=("counter",), as_json=True) == 0
    every = orjson.loads(capfd.readouterr().out)
    assert list_command((folder,), tags=("no-such-tag",), as_json=True) == 0

    assert {item["environment"] for item in every} == {"counter"}
    assert {"id", "reason", "file", "line", "tags", "suite", "family"} <= every[0].keys()
    assert orjson.loads(capfd.readouterr().out) == []


def test_listing_a_missing_folder_is_refused(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The path is named."""
    assert list_command((folder / "none",), tags=(), as_json=False) == CONFIGURATION

    assert "none:1: there is no such file or folder" in capfd.readouterr().err


def test_the_schema_is_printed_or_written(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Both ways give the same bytes."""
    target = folder / "schema.json"

    assert schema_command(None) == 0
    assert schema_command(target) == 0

    printed = capfd.readouterr().out.encode()
    assert target.read_bytes() == printed
    assert orjson.loads(printed)["title"] == "Plangate scenario file"


def test_a_schema_that_can_not_be_written_is_refused(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A folder that is not there is said, not thrown."""
    assert schema_command(folder / "none" / "schema.json") == CONFIGURATION

    assert "none/schema.json can't be written" in capfd.readouterr().err
