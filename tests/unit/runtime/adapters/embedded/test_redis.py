"""An embedded Redis keeps what it was told, for us alone."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from runtime.adapters.embedded.redis import EmbeddedRedis, serves
from runtime.domain.errors import EmbeddedFolderBusyError
from tests.servers.redis_server import redis_server
from tests.unit.runtime.adapters.embedded.machinery import listens, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """Serve while the tests of this module run."""
    with EmbeddedRedis.started(tmp_path_factory.mktemp("redis"), durable=False) as started:
        yield started


def asked(url: str, *command: str) -> object:
    """Send one command as a client of its own."""
    with Redis.from_url(url, socket_timeout=5, decode_responses=True) as client:
        return client.execute_command(*command)


def test_a_server_answers_who_has_its_address(server: EmbeddedRedis) -> None:
    """The address has the password in it."""
    assert server.url().endswith(f"@127.0.0.1:{server.port}/0")
    assert asked(server.url(), "PING") is True


@pytest.mark.parametrize("login", [":wrong@", ""])
def test_a_server_refuses_who_does_not_know_the_password(server: EmbeddedRedis, login: str) -> None:
    """Every user of a machine can reach its loopback."""
    with pytest.raises(AuthenticationError):
        asked(f"redis://{login}127.0.0.1:{server.port}/0", "PING")


def test_the_password_is_not_on_the_command_line(server: EmbeddedRedis) -> None:
    """Every user of a machine can list its processes."""
    password = server.url().partition("@")[0].rpartition(":")[2]
    started_with = Path(f"/proc/{server.pid}/cmdline").read_bytes()

    assert len(password) >= 32
    assert b"127.0.0.1" in started_with
    assert password.encode() not in started_with


def test_a_server_listens_on_loopback_only(server: EmbeddedRedis) -> None:
    """Its port is free on any other address of the machine, so it listens on none of them."""
    with socket.create_server(("127.0.0.2", server.port)) as other:
        assert other.getsockname()[1] == server.port


@pytest.mark.parametrize("kept", ["green", None])
def test_a_durable_server_keeps_its_data(tmp_path: Path, kept: str | None) -> None:
    """The other begins empty each time."""
    durable = kept is not None
    with EmbeddedRedis.started(tmp_path, durable=durable) as server:
        asked(server.url(), "SET", "colour", "green")
    with EmbeddedRedis.started(tmp_path, durable=durable) as server:
        assert asked(server.url(), "GET", "colour") == kept


def test_a_killed_server_serves_again_with_its_data(tmp_path: Path) -> None:
    """Also what was written just before."""
    with EmbeddedRedis.started(tmp_path) as server:
        killed = server.pid
        assert killed is not None
        asked(server.url(), "SET", "colour", "green")
        os.kill(killed, SIGKILL)

        until(lambda: server.pid not in {killed, None} and listens(server.port))
        assert asked(server.url(), "GET", "colour") == "green"
        assert server.failure is None


def test_a_second_starter_is_refused(tmp_path: Path) -> None:
    """Two servers would write the same file."""
    with (
        EmbeddedRedis.started(tmp_path, durable=False) as server,
        pytest.raises(EmbeddedFolderBusyError, match=f"process {os.getpid()} runs the server"),
    ):
        EmbeddedRedis.start(tmp_path, durable=False)

    assert server.failure is None


def test_a_failed_start_lets_the_folder_go(tmp_path: Path) -> None:
    """Whoever repairs it can start again."""
    (tmp_path / "secrets.json").write_text("?")
    for _ in range(2):
        with pytest.raises(Exception, match=r"secrets\.json is damaged"):
            EmbeddedRedis.start(tmp_path)


def test_only_a_server_with_our_password_serves(server: EmbeddedRedis) -> None:
    """A stranger on the port is not our server."""
    password = server.url().partition("@")[0].rpartition(":")[2]

    assert serves(server.port, password)
    assert not serves(server.port, "other")


def test_who_does_not_answer_does_not_serve() -> None:
    """Nobody there, and somebody who hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        hangs_up = threading.Thread(target=lambda: _hang_up(stranger))
        hangs_up.start()
        hung_up = serves(port, "any")
        hangs_up.join()

    assert (hung_up, serves(port, "any")) == (False, False)


def _hang_up(stranger: socket.socket) -> None:
    connection, _ = stranger.accept()
    connection.recv(1_000)
    connection.close()


def test_a_throw_away_server_serves_while_its_block_runs() -> None:
    """Tests get an address, and nothing is left of it."""
    with redis_server() as url:
        answered = asked(url, "PING")

    assert answered is True
    assert not listens(int(url.rpartition(":")[2].removesuffix("/0")))
