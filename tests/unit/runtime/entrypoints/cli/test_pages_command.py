"""`plangate console` says what keeps it from serving."""

from __future__ import annotations

import socket

import pytest
from typer.testing import CliRunner

from runtime.entrypoints.cli.client import UNREACHABLE, USAGE
from runtime.entrypoints.cli.pages import app

pytest.importorskip("gradio", reason="the console needs Gradio: pip install 'plangate[console]'")


def test_an_address_that_is_none_is_wrong_usage() -> None:
    """Before anything heavy is loaded."""
    done = CliRunner().invoke(app, ["--url", "nowhere"])

    assert done.exit_code == USAGE
    assert "no address of a platform" in done.output


def test_a_port_that_is_taken_is_said() -> None:
    """With its name."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = CliRunner().invoke(app, ["--url", "http://127.0.0.1:9", "--port", str(port)])

    assert done.exit_code == UNREACHABLE
    assert f"can't listen at 127.0.0.1:{port}" in done.output
