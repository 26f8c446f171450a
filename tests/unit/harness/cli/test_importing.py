"""Prove what the import commands say and return."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from harness.cli.importing import import_bfcl_command

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
    file = a_file(tmp_path, "simple_0")

    assert import_bfcl_command(file, answers=None, output=tmp_path / "out") == 5

    said = capsys.readouterr()
    assert said.err.startswith(f"{file}:1: simple_0: it has no published answer")
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
