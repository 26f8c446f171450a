"""Serve the whole platform, `runtime.app:app` under uvicorn, in a child that can be harmed.

In a test: `with ApiServer(database_url=..., redis_url=...) as server`, then `server.kill()`,
`freeze()`, `thaw()` and `start()` again on the same port. Several at once are several replicas.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import uvicorn

from runtime.adapters.embedded.ports import free_port

ROOT: Final = Path(__file__).parents[2]
OPERATOR_TOKEN: Final = "operator-of-the-tests-" + "o" * 20
_TOKEN_KEYS: Final = "key-of-the-tests-" + "k" * 24
_OURS: Final = ("PLANGATE_", "OPENAI_")
_RUNNING: Final = "Uvicorn running on"
_STARTS_WITHIN_S: Final = 40.0
_KEPT_LINES: Final = 2_000


class ApiServer:
    """Run one replica on a port of its own; use it as a context manager, or call `start`."""

    def __init__(
        self,
        *,
        database_url: str,
        redis_url: str,
        lease_ttl_s: float = 6.0,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Choose the port; the replica is not running yet. `environ` sets further variables."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log: deque[str] = deque(maxlen=_KEPT_LINES)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        self._environ = {
            **kept,
            "PLANGATE_DATABASE_URL": database_url,
            "PLANGATE_REDIS_URL": redis_url,
            "PLANGATE_LEASE_TTL_S": str(lease_ttl_s),
            "PLANGATE_OPERATOR_TOKEN": OPERATOR_TOKEN,
            "PLANGATE_REQUEST_RATE": "off",
            "PLANGATE_TOKEN_KEYS": _TOKEN_KEYS,
            **(environ or {}),
        }
        self._child: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """Return the number of the process, 0 when there is none."""
        return self._child.pid if self.running and self._child is not None else 0

    @property
    def running(self) -> bool:
        """Say whether the process is there, frozen or not."""
        return self._child is not None and self._child.poll() is None

    def begin(self) -> None:
        """Start the process, if there is none, and do not wait for it."""
        if self.running:
            return
        self.kill()
        serves = threading.Event()
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.api", str(self.port)],
            cwd=ROOT,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._child, self._serves = child, serves
        self._reader = threading.Thread(target=self._read, args=(child, serves), daemon=True)
        self._reader.start()

    def start(self) -> None:
        """Start the process, if there is none, and return when it serves."""
        self.begin()
        if not self._serves.wait(_STARTS_WITHIN_S) or not self.running:
            self.kill()
            raise RuntimeError("the platform did not start:\n" + "\n".join(self.log))

    def kill(self) -> None:
        """Kill the process with signal 9, and return when it is gone."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        if self._reader is not None:
            self._reader.join()
        for pipe in (child.stdin, child.stderr):
            if pipe is not None:
                pipe.close()

    def end(self) -> int:
        """Ask the process to end in order, and return its exit code."""
        child = self._child
        if child is None:
            return 0
        child.terminate()
        code = child.wait(_STARTS_WITHIN_S)
        self.kill()
        return code

    def freeze(self) -> None:
        """Stop the process in its tracks: connections stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._child is not None:
            self._child.send_signal(number)

    def _read(self, child: subprocess.Popen[str], serves: threading.Event) -> None:
        """Keep the last lines that the child writes: a full pipe would stop it."""
        for line in child.stderr or ():
            self.log.append(line.rstrip())
            if _RUNNING in line:
                serves.set()
        serves.set()


def _end_with_parent() -> None:
    """End this process when whoever started it is gone and so the pipe is closed."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    uvicorn.run("runtime.app:app", host="127.0.0.1", port=int(sys.argv[1]), access_log=False)
