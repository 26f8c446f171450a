"""`plangate serve` serves what the environment names, with one process or several."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from runtime.entrypoints.cli.client import Client, CommandError
from tests.database import DatabaseUrls
from tests.servers.dev_instance import COMMAND, WAIT_S
from tests.servers.redis_server import redis_server


@pytest.fixture
def environ(database_urls: DatabaseUrls) -> Iterator[dict[str, str]]:
    """Name a database, a Redis and a key."""
    with redis_server() as redis_url:
        yield {
            "PLANGATE_DATABASE_URL": database_urls.app_url,
            "PLANGATE_REDIS_URL": redis_url,
            "PLANGATE_TOKEN_KEYS": "k" * 32,
            "PATH": "",
        }


@contextmanager
def serving(environ: dict[str, str], *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Serve on a free port, and yield the process and the port once it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND, "serve", "--port", str(port), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environ,
    ) as process:
        try:
            _await_ready(process, f"http://127.0.0.1:{port}")
            yield process, port
        finally:
            process.kill()


def _await_ready(process: subprocess.Popen[str], url: str) -> None:
    client, never = Client(url, token=None), threading.Event()
    while process.poll() is None:  # the time limit of a test bounds it
        try:
            if client.ready() is None:
                return
        except CommandError:
            never.wait(0.05)
    raise AssertionError(f"it does not serve: {process.communicate()[0]}")


@pytest.mark.parametrize(
    ("workers", "number"),
    [
        pytest.param("1", signal.SIGTERM, id="one process, SIGTERM"),
        pytest.param("2", signal.SIGINT, id="two processes, Ctrl-C"),
    ],
)
def test_it_serves_and_stops_in_order(
    environ: dict[str, str], workers: str, number: signal.Signals
) -> None:
    """Nothing is said of the server; being told to stop is a success, and nobody listens then."""
    with serving(environ, "--workers", workers) as (process, port):
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/v1/readyz")
        with connection.getresponse() as response:
            assert response.status == 200
            assert response.getheader("Server") is None
        connection.close()
        process.send_signal(number)
        said, _ = process.communicate(timeout=WAIT_S)

    assert process.returncode == 0
    assert "Traceback" not in said
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_workers_that_can_not_start_end_it(environ: dict[str, str]) -> None:
    """With exit code 4, as one process that can't: whoever restarts services learns of it."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "serve", "--port", "0", "--workers", "2"],
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
        env={**environ, "PLANGATE_MODEL": "openai/m?transport=http"},
    )

    assert done.returncode == 4
