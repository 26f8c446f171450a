"""`plangate audit` reads the log, proves it on this machine, and says how it is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.audit import app
from tests.api.cli.conftest import Document

Run = Callable[..., Result]
ROWS = ("records", "heads", "holds")


@pytest.fixture
def audit(plangate: Run) -> Run:
    """Run `plangate audit`, told of the demo."""
    del plangate  # it set the scene

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    return run


def told(run: Run, *arguments: str) -> Document:
    """Return what a command printed for programs; it has to succeed."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: Document = orjson.loads(result.stdout)
    return found


def test_lists_are_read_page_by_page(audit: Run) -> None:
    """Whatever is in them."""
    for name in ROWS:
        assert isinstance(told(audit, name)["items"], list)


def test_settings_change_what_is_named_and_leave_the_rest(audit: Run) -> None:
    """And are shown as they are then."""
    assert told(audit, "settings", "--keep-days", "4000")["keep_days"] == 4000
    assert told(audit, "settings", "--no-strict")["keep_days"] == 4000
    assert told(audit, "settings", "--keep-days", "0")["keep_days"] is None


def test_strict_mode_without_an_immutable_sink_is_refused(audit: Run) -> None:
    """With what to do about it."""
    result = audit("settings", "--strict")

    assert result.exit_code == 1
    assert "immutable" in result.output


def test_a_hold_is_placed_listed_and_released(audit: Run) -> None:
    """By its id."""
    hold = told(audit, "hold", "a case", "--reason", "a court asks for it")
    listed = told(audit, "holds")["items"]
    released = told(audit, "release", hold["id"])

    assert hold["id"] in [item["id"] for item in listed]
    assert released["released_at"] is not None


def test_an_erasure_is_confirmed_before_anything_is_asked(audit: Run) -> None:
    """The platform would refuse it as well."""
    result = audit("erase", "mem_a", "--confirm", "mem_b")

    assert result.exit_code == 5
    assert "--confirm mem_a" in result.output


def test_an_export_is_verified_without_the_platform(
    audit: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One byte more, and it is not good any more."""
    file = tmp_path / "log.jsonl"
    saved = told(audit, "export", str(file))
    monkeypatch.setenv("PLANGATE_URL", "http://127.0.0.1:1")
    good = audit("verify", str(file))
    file.write_bytes(file.read_bytes() + b"{}\n")
    tampered = audit("verify", str(file))

    assert {"end", "heads"} == set(saved)
    assert good.exit_code in {0, 2}, good.output  # 2: nothing is signed yet
    assert tampered.exit_code in {1, 2}
    assert tampered.output != good.output


def test_reconciling_says_what_it_takes(audit: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a database there is nothing to compare."""
    for name in ("DATABASE_URL", "AUDIT_SINKS"):
        monkeypatch.delenv(f"PLANGATE_{name}", raising=False)

    result = audit("reconcile")

    assert result.exit_code == 5
    assert "PLANGATE_DATABASE_URL" in result.output
