"""`plangate dev` in this process: it serves until it is told to stop, and says what hinders it.

As a child it is tested in `tests/integration/dev`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson
import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.main import app
from tests.database import DatabaseUrls
from tests.servers.redis_server import redis_server

WAIT_S: Final = 40.0
NAMES: Final = (
    "DATABASE_URL",
    "FOLDER",
    "LOG_LEVEL",
    "MODEL",
    "MIGRATION_URL",
    "OPERATOR_TOKEN",
    "REDIS_URL",
    "TOKEN_KEYS",
)


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start without any variable, and with an app that has read none; undo all in the end."""
    before = dict(os.environ)
    for name in NAMES:
        monkeypatch.setenv(f"PLANGATE_{name}", "")
    monkeypatch.setenv("PLANGATE_FOLDER", ".plangate")
    monkeypatch.delitem(sys.modules, "runtime.app", raising=False)
    yield
    for name in os.environ.keys() - before.keys():  # what the command set, and nobody named here
        del os.environ[name]


def run(folder: Path, *options: str, **environ: str) -> Result:
    """Run the command until it ends."""
    variables = {f"PLANGATE_{name.upper()}": value for name, value in environ.items()}
    return CliRunner().invoke(
        app, ["dev", "--folder", str(folder), *(options or ("--port", "0"))], env=variables
    )


def interrupt_once_it_serves(folder: Path) -> threading.Thread:
    """Send this process a signal when the lock tells where it serves."""

    def wait_and_send() -> None:
        never = threading.Event()
        for _ in range(int(WAIT_S / 0.02)):
            if b'"url":"' in _content(folder / "dev.lock"):
                os.kill(os.getpid(), signal.SIGTERM)
                return
            never.wait(0.02)

    thread = threading.Thread(target=wait_and_send)
    thread.start()
    return thread


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


def test_it_serves_until_it_is_told_to_stop(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    """What it opened is closed, and its lock is free again."""
    with redis_server() as redis_url:
        sender = interrupt_once_it_serves(tmp_path)
        result = run(tmp_path, database_url=database_urls.app_url, redis_url=redis_url)
        sender.join(WAIT_S)

    assert (result.exit_code, result.stderr.splitlines()[-1]) == (0, "Stopping.")
    assert "Plangate is ready" in result.stdout
    assert orjson.loads((tmp_path / "demo.json").read_bytes())["token"] in result.stdout
    assert _content(tmp_path / "dev.lock") == b""


def test_a_wrong_variable_is_said(tmp_path: Path) -> None:
    """With exit code 5, before anything is served."""
    result = run(
        tmp_path,
        database_url="postgresql://app@127.0.0.1:1/x",
        redis_url="redis://127.0.0.1:1/0",
        token_keys="short",  # noqa: S106  # of nobody
    )

    assert result.exit_code == 5
    assert "PLANGATE_TOKEN_KEYS has a key of fewer than" in result.stderr


def test_a_database_that_does_not_answer_is_said(tmp_path: Path) -> None:
    """With exit code 4: the configuration may well be right."""
    result = run(
        tmp_path,
        database_url="postgresql://app@127.0.0.1:1/x",
        redis_url="redis://127.0.0.1:1/0",
    )

    assert result.exit_code == 4
    assert "the database does not answer" in result.stderr
    assert "Traceback" not in result.output


def test_a_folder_that_can_not_be_used_is_said(tmp_path: Path) -> None:
    """With exit code 5."""
    (tmp_path / "file").touch()

    result = run(tmp_path / "file")

    assert result.exit_code == 5
    assert "can't be used: File exists" in result.stderr


def test_an_app_that_can_not_start_ends_it(
    database_urls: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With exit code 4, though database and folder are right: the model has no key."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with redis_server() as redis_url:
        result = run(
            tmp_path,
            database_url=database_urls.app_url,
            redis_url=redis_url,
            model="openai/m?transport=http",
        )

    assert result.exit_code == 4
    assert "the service could not start; see above" in result.stderr
