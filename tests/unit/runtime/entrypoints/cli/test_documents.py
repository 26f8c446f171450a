"""A document is given as JSON, as a file or as the input, and is sent as it was spelled."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import orjson
import pytest

from runtime.entrypoints.cli.client import USAGE, CommandError
from runtime.entrypoints.cli.documents import read_document

TWICE = '{"a": 1, "a": 2, "b": 1.0}'


@pytest.mark.parametrize("text", [TWICE, f" {TWICE}", f"[{TWICE}]"])
def test_json_is_taken_as_it_is(text: str) -> None:
    """Two equal keys reach the platform, which is the one that judges them."""
    given = read_document(text)

    assert orjson.dumps({"plan": given.fragment}).decode() == f'{{"plan":{text}}}'


def test_a_file_is_read(tmp_path: Path) -> None:
    """Anything that does not begin as JSON does is the name of a file."""
    file = tmp_path / "plan.json"
    file.write_text(TWICE)

    assert read_document(str(file)).value == {"a": 2, "b": 1.0}


def test_a_dash_is_the_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that another program can write the document."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}')))

    assert read_document("-").value == {"a": 1}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param("{a}", "it is no JSON", id="broken JSON"),
        pytest.param('{"a": 1}, "b": {}', "it is no JSON", id="more than one document"),
        pytest.param("nowhere.json", "nowhere.json can't be read", id="no file"),
        pytest.param("a\x1bb", "a?b can't", id="a name that commands"),
    ],
)
def test_what_can_not_be_read_is_wrong_usage(given: str, message: str) -> None:
    """The message says what was tried."""
    with pytest.raises(CommandError) as failed:
        read_document(given)

    assert failed.value.exit_code == USAGE
    assert message in str(failed.value)
    assert "\x1b" not in str(failed.value)


def test_a_file_without_json_is_named(tmp_path: Path) -> None:
    """Whoever named it sees which it was."""
    file = tmp_path / "plan.json"
    file.write_bytes(b"\xff")

    with pytest.raises(CommandError, match=r"plan\.json is no JSON"):
        read_document(str(file))


def test_an_input_without_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a file is."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))

    with pytest.raises(CommandError, match="the input is no JSON"):
        read_document("-")
