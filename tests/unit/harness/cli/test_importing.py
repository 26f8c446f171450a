"""Prove what the import commands say and return."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.cli.importing import import_bfcl_command, import_tau2_command

RING = {"name": "ring", "parameters": {"properties": {"n": {"type": "integer", "default": "1"}}}}


def a_file(folder: Path, name: str = "irrelevance_0", **changes: object) -> Path:
    """Write one question that nothing answers."""
    question = {
        "id": name,
        "question": [[{"role": "user", "content": "Sing."}]],
        "function": [{"name": "ring"}],
        **changes,
    }
    path = folder / "irrelevance.json"
    path.write_bytes(orjson.dumps(question))
    return path


def test_import_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary counts scenarios and lines left out, and names the folder."""
    output = tmp_path / "out"

    assert import_bfcl_command(a_file(tmp_path), answers=None, output=output) == 0

    said = capsys.readouterr()
    assert said.out == f"1 scenarios imported, 0 lines not. Written to {output}.\n"
    assert said.err == ""


def test_mended_questions_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever compares with published figures must know what differs."""
    file = a_file(tmp_path, function=[RING])

    assert import_bfcl_command(file, answers=None, output=tmp_path / "out") == 0
    assert "; 1 mended as their provenance says. " in capsys.readouterr().out


def test_nothing_usable_is_a_wrong_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line is named, and no empty folder pretends that something came of it."""
    file = a_file(tmp_path, question=[[{"role": "user", "content": ""}]])

    assert import_bfcl_command(file, answers=None, output=tmp_path / "out") == 5

    said = capsys.readouterr()
    assert said.err.startswith(f"{file}:1: irrelevance_0: its last message is empty")
    assert said.out == "0 scenarios imported, 1 lines not; nothing was written.\n"
    assert not (tmp_path / "out").exists()


def test_unreadable_file_is_a_wrong_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the file."""
    missing = tmp_path / "none.json"

    assert import_bfcl_command(missing, answers=None, output=tmp_path / "out") == 5
    assert capsys.readouterr().err.startswith(f"{missing}:1: can't be read")


def test_folder_of_others_is_a_wrong_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file of questions itself stands in the way here."""
    assert import_bfcl_command(a_file(tmp_path), answers=None, output=tmp_path) == 5
    assert "irrelevance.json, which no import wrote" in capsys.readouterr().err


def test_each_file_of_a_folder_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that can't be used is named, and the others are imported."""
    data = tmp_path / "data"
    data.mkdir()
    a_file(data).rename(data / "BFCL_v4_irrelevance.json")
    (data / "BFCL_v4_simple.json").write_bytes(b'{"id": "simple_0", "function": []}\n')
    (data / "BFCL_v4_torn.json").write_bytes(b"\xff")

    assert import_bfcl_command(data, answers=None, output=tmp_path / "out") == 0

    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "bfcl_irrelevance: 1 scenarios of 1 entries",
        "bfcl_simple: 0 scenarios of 0 entries, 1 not used",
        "bfcl_torn: 0 scenarios of 0 entries, 1 not used",
        f"1 scenarios imported, 2 lines not. Written to {tmp_path / 'out'}.",
    ]
    assert "BFCL_v4_simple.json:1: its 1 questions need answers" in said.err
    assert "BFCL_v4_torn.json:1: not UTF-8" in said.err


def test_file_of_a_folder_that_grows_too_large_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its functions would not fit into one environment file."""
    long = {"name": "ring", "description": "🔔" * 520_000}
    a_file(tmp_path, function=[long]).rename(tmp_path / "BFCL_v4_irrelevance.json")
    a_file(tmp_path).rename(tmp_path / "BFCL_v4_live_irrelevance.json")

    assert import_bfcl_command(tmp_path, answers=None, output=tmp_path / "out") == 0

    said = capsys.readouterr()
    assert "bfcl_irrelevance: 0 scenarios of 0 entries, 1 not used" in said.out
    assert f"{tmp_path}/BFCL_v4_irrelevance.json:1: the functions of" in said.err


def test_two_releases_of_one_category_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written, because one would replace the other."""
    for version in ("v3", "v4"):
        a_file(tmp_path).rename(tmp_path / f"BFCL_{version}_irrelevance.json")

    assert import_bfcl_command(tmp_path, answers=None, output=tmp_path / "out") == 5
    assert "both this and BFCL_v3_irrelevance.json become" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_tasks_and_their_policy_are_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The policy is what the model is told first."""
    tasks, policy = tmp_path / "tasks.json", tmp_path / "policy.md"
    task = {
        "id": "0",
        "user_scenario": {"instructions": "Ask for bread."},
        "evaluation_criteria": {"actions": [{"name": "bake", "arguments": {"loaves": 1}}]},
    }
    tasks.write_bytes(orjson.dumps([task]))
    policy.write_text("Never bake cake.", encoding="utf-8")

    assert import_tau2_command(tasks, policy=policy, output=tmp_path / "out") == 0

    (environment,) = (tmp_path / "out").glob("*.environment.yaml")
    assert "description: Never bake cake." in environment.read_text(encoding="utf-8")
    assert capsys.readouterr().out.startswith("1 scenarios imported, 0 lines not. Written to ")


def test_tasks_that_can_not_be_read_are_a_wrong_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the file."""
    missing = tmp_path / "none.json"

    assert import_tau2_command(missing, policy=None, output=tmp_path / "out") == 5
    assert capsys.readouterr().err.startswith(f"{missing}:1: can't be read")
