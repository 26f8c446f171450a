"""`plangate serve` refuses in one line what it could not serve, and tells uvicorn how to serve."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from contextlib import suppress

import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.client import Client, CommandError
from runtime.entrypoints.cli.main import app
from runtime.entrypoints.cli.serve_command import ServeOptions, uvicorn_config
from runtime.settings import ServiceSettings
from tests.database import DatabaseUrls
from tests.servers.redis_server import redis_server

NAMES = ("DATABASE_URL", "REDIS_URL", "TOKEN_KEYS", "MODEL", "LOG_LEVEL", "ISSUERS")
KEYS = "k" * 32
NO_REDIS = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without any variable of the service."""
    for name in NAMES:
        monkeypatch.delenv(f"PLANGATE_{name}", raising=False)


def served(*options: str, **environ: str) -> Result:
    """Try to serve; what is told here never comes to it."""
    variables = {f"PLANGATE_{name.upper()}": value for name, value in environ.items()}
    return CliRunner().invoke(app, ["serve", *options], env=variables)


def refused(message: str, **environ: str) -> bool:
    """Return whether it ended with exit code 5 and one line that has this in it."""
    result = served(**environ)
    one_line = len(result.stderr.splitlines()) == 1
    return (result.exit_code, result.stdout) == (5, "") and one_line and message in result.stderr


def test_settings_that_can_not_be_used_are_refused() -> None:
    """With the variable's name and what it needs."""
    database = "postgresql://app@127.0.0.1:1/x"

    assert refused("PLANGATE_REDIS_URL is not: executions need leases", database_url=database)
    assert refused("PLANGATE_TOKEN_KEYS is not", database_url=database, redis_url=NO_REDIS)
    assert refused("PLANGATE_LOG_LEVEL is 'loud'", log_level="loud")
    assert refused("'nonsense'", model="nonsense")


def test_a_database_that_does_not_answer_is_refused() -> None:
    """Nothing is served that could not be used."""
    database = "postgresql://app@127.0.0.1:1/x"

    assert refused(
        "the database does not answer",
        database_url=database,
        redis_url=NO_REDIS,
        token_keys=KEYS,
    )


def test_an_unmigrated_database_is_refused(empty_database_urls: DatabaseUrls) -> None:
    """With the command that migrates it."""
    assert refused(
        "run `plangate db upgrade` as its owner",
        database_url=empty_database_urls.app_url,
        redis_url=NO_REDIS,
        token_keys=KEYS,
    )


def test_a_role_that_may_too_much_is_refused(database_urls: DatabaseUrls) -> None:
    """The owner of the tables passes by row security."""
    assert refused(
        "must not serve requests",
        database_url=database_urls.owner_url,
        redis_url=NO_REDIS,
        token_keys=KEYS,
    )


def terminate_once_it_serves(url: str) -> threading.Thread:
    """Send this process SIGTERM when the platform is ready."""

    def wait_and_send() -> None:
        client, never = Client(url, token=None, timeout_s=5), threading.Event()
        for _ in range(400):
            with suppress(CommandError):
                if client.ready() is None:
                    break
            never.wait(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=wait_and_send)
    thread.start()
    return thread


def test_it_serves_until_it_is_told_to_stop(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is a success; as a process of its own it is tested in `tests/integration/dev`."""
    monkeypatch.delitem(sys.modules, "runtime.app", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with redis_server() as redis_url:
        sender = terminate_once_it_serves(f"http://127.0.0.1:{port}")
        result = served(
            *("--port", str(port)),
            database_url=database_urls.app_url,
            redis_url=redis_url,
            token_keys=KEYS,
        )
        sender.join(20)

    assert result.exit_code == 0
    assert f"Serving at 127.0.0.1 on port {port}." in result.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taken_port_ends_it(workers: str) -> None:
    """With exit code 4: another process, not the configuration, is in the way."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        result = served("--port", port, "--workers", workers)

    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr == f"127.0.0.1:{port} can't be listened on: Address already in use\n"


def options(**changes: object) -> ServeOptions:
    """Return the usual options, changed."""
    usual = {
        "host": "127.0.0.1",
        "port": 8000,
        "workers": 1,
        "keep_alive_s": 75,
        "grace_s": 30,
        "concurrency": None,
        "backlog": 2048,
        "forwarded_allow_ips": None,
        "access_log": False,
    }
    return ServeOptions(**{**usual, **changes})  # type: ignore[arg-type]  # a table of any


def test_no_proxy_is_believed_unless_named() -> None:
    """Otherwise any client could say that it is this machine."""
    settings = ServiceSettings()

    usual = uvicorn_config(options(), settings)
    named = uvicorn_config(options(forwarded_allow_ips="10.0.0.1"), settings)

    assert usual.proxy_headers is False
    assert (named.proxy_headers, named.forwarded_allow_ips) == (True, "10.0.0.1")


def test_uvicorn_is_told_the_limits() -> None:
    """Connections outlive those of usual proxies; nothing is said of the server."""
    config = uvicorn_config(options(concurrency=9, backlog=7, workers=3), ServiceSettings())

    assert (config.limit_concurrency, config.backlog, config.workers) == (9, 7, 3)
    assert (config.timeout_keep_alive, config.timeout_graceful_shutdown) == (75, 30)
    assert (config.server_header, config.access_log) == (False, False)


def test_help_names_what_it_takes() -> None:
    """Each limit that uvicorn has here is an option."""
    shown = CliRunner().invoke(app, ["serve", "--help"]).output

    for option in ("--host", "--port", "--workers", "--keep-alive", "--grace", "--concurrency"):
        assert option in shown
