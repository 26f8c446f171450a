"""Run `plangate dev` as a child, as a person in a terminal would.

In a test: `with dev_instance(folder) as dev`, then `dev.demo`, `dev.interrupt()`.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

WAIT_S: Final = 50.0
READY: Final = "Ctrl-C stops all"
COMMAND: Final = (
    "import sys; from runtime.entrypoints.cli.main import main; sys.argv[0] = 'plangate'; main()"
)


@dataclass(kw_only=True)
class DevInstance:
    """Hold a child, and what it said so far."""

    process: subprocess.Popen[str]
    folder: Path
    said: list[str] = field(default_factory=list)
    greeted: threading.Event = field(default_factory=threading.Event)

    @property
    def text(self) -> str:
        """Return all that it said, on both of its outputs."""
        return "".join(self.said)

    @property
    def demo(self) -> dict[str, Any]:
        """Return what it keeps of the demo."""
        found: dict[str, Any] = orjson.loads((self.folder / "demo.json").read_bytes())
        return found

    @property
    def ports(self) -> set[int]:
        """Return the ports of all that it serves."""
        return {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", self.text)}

    def await_greeting(self) -> None:
        """Return when it serves.

        Raises:
            AssertionError: it ended, or takes too long.
        """
        if not self.greeted.wait(WAIT_S) or READY not in self.text:
            raise AssertionError(f"it does not serve: {self.text}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, as Ctrl-C in its terminal or `kill` from elsewhere."""
        self.process.send_signal(number)

    def ended(self) -> int:
        """Return the exit code, once it has one."""
        return self.process.wait(WAIT_S)


@contextmanager
def dev_instance(
    folder: Path, *options: str, environ: Mapping[str, str] | None = None
) -> Iterator[DevInstance]:
    """Start it with the data of a folder, on any port; what is left of it in the end is killed."""
    command = [sys.executable, "-c", COMMAND, "dev", "--folder", str(folder)]
    with subprocess.Popen(
        [*command, *(options or ("--port", "0"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**_quiet(os.environ), **(environ or {})},
    ) as process:
        instance = DevInstance(process=process, folder=folder)
        reading = threading.Thread(target=_read, args=(instance,))
        reading.start()
        try:
            yield instance
        finally:
            process.kill()
            reading.join(WAIT_S)


def await_nothing_left(folder: Path) -> None:
    """Return when no process of the embedded servers is left: each holds the lock of its data."""
    for server in ("postgres", "redis"):
        descriptor = os.open(folder / server, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # waits; the time limit of a test bounds it
        finally:
            os.close(descriptor)


def nothing_left(folder: Path) -> bool:
    """Return whether none is left now."""
    for server in ("postgres", "redis"):
        descriptor = os.open(folder / server, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
    return True


def refuses(port: int) -> bool:
    """Return whether nobody listens on a port of loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def _quiet(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith("PLANGATE_")}


def _read(instance: DevInstance) -> None:
    for line in instance.process.stdout or ():
        instance.said.append(line)
        if READY in line:
            instance.greeted.set()
    instance.greeted.set()
