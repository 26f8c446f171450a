"""Check what the command says when it can't serve; that it serves is checked beside the server."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cli.dashboard import dashboard_command

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def taken() -> Iterator[int]:
    """Return a port that somebody else listens on."""
    listening = socket.create_server(("127.0.0.1", 0))
    yield listening.getsockname()[1]
    listening.close()


def test_a_taken_port_is_a_wrong_configuration(
    taken: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the address and what to do."""
    assert dashboard_command(host=None, port=taken, runs=None) == 5
    said = capsys.readouterr().err
    assert f"127.0.0.1:{taken}" in said
    assert "--port" in said


@pytest.mark.parametrize(
    ("host", "port"),
    [
        pytest.param("192.0.2.1", 0, id="another machine's address"),
        pytest.param("127.0.0.1", 99999, id="no port"),
    ],
)
def test_an_address_that_is_none_is_a_wrong_configuration(
    host: str, port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is served and no traceback is shown."""
    assert dashboard_command(host=host, port=port, runs=Path("nowhere")) == 5
    assert host in capsys.readouterr().err
