"""An export is saved whole and for our eyes only, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import orjson
import pytest

from runtime.entrypoints.cli.client import UNREACHABLE, USAGE, CommandError
from runtime.entrypoints.cli.console import Api, Wish
from runtime.entrypoints.cli.exporting import Saved, save_export
from tests.servers.scripted_api import Scripted, problem, scripted_api

LINES = b'{"format": "plangate.export"}\n' + b'{"table": "projects", "row": {}}\n' * 5_000
LAST = orjson.dumps({"counts": {"projects": 5_000}, "sha256": hashlib.sha256(LINES).hexdigest()})
WHOLE = LINES + LAST + b"\n"


def saved(script: Scripted, file: Path) -> Saved:
    """Save what a platform says that an export is."""
    with scripted_api([script]) as api:
        asking = Api(Wish(url=api.url), {"PLANGATE_TOKEN": "t"})
        return save_export(asking, "org_1", file)


def test_a_whole_export_is_saved(tmp_path: Path) -> None:
    """Byte for byte, readable by us alone, with what its last line says."""
    file = tmp_path / "export.ndjson"

    found = saved(Scripted(body=WHOLE), file)

    assert file.read_bytes() == WHOLE
    assert file.stat().st_mode & 0o777 == 0o600
    assert (found.rows, found.last_line) == (5_000, orjson.loads(LAST))


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(Scripted(body=LINES), id="its last line is missing"),
        pytest.param(Scripted(body=b""), id="it is empty"),
        pytest.param(Scripted(body=WHOLE[:-20]), id="its last line is broken"),
        pytest.param(Scripted(body=WHOLE.replace(b"{}", b"[]", 1)), id="a row is another"),
        pytest.param(Scripted(body=LINES[:-9], promised=len(WHOLE)), id="it broke off"),
        pytest.param(Scripted(body=b"[]\n[]\n"), id="it is none"),
    ],
)
def test_what_is_not_whole_is_not_kept(script: Scripted, tmp_path: Path) -> None:
    """Nobody takes a part for the whole."""
    file = tmp_path / "export.ndjson"

    with pytest.raises(CommandError) as failed:
        saved(script, file)

    assert failed.value.exit_code == UNREACHABLE
    assert not file.exists()


def test_a_refused_export_leaves_no_file(tmp_path: Path) -> None:
    """The problem is told as any other."""
    file = tmp_path / "export.ndjson"

    with pytest.raises(CommandError, match="not_allowed"):
        saved(problem(403, "not_allowed"), file)

    assert not file.exists()


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    """Nothing is asked for that could not be saved."""
    file = tmp_path / "export.ndjson"
    file.write_text("mine")

    with scripted_api() as api, pytest.raises(CommandError) as failed:
        save_export(Api(Wish(url=api.url), {"PLANGATE_TOKEN": "t"}), "org_1", file)

    assert failed.value.exit_code == USAGE
    assert (file.read_text(), api.asked) == ("mine", [])
