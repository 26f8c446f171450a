"""Keep a worker running beside `plangate dev`: a process of its own, so that no effect harms it.

The worker reads our end of a pipe: when we end, however that is, it ends.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from runtime.kit.backoff import delay_s

LOG: Final = "worker.log"
GRACE_S: Final = 5.0
STEADY_S: Final = 30.0
"""A worker that lived so long was fine; the next one is started at once."""
LONGEST_PAUSE_S: Final = 30.0
COMMAND: Final = (
    sys.executable,
    "-c",
    "import sys; from runtime.entrypoints.cli.main import main; sys.argv[0] = 'plangate'; main()",
    "worker",
    "--with-parent",
    "--grace-s",
    "3",
)


class DevWorker:
    """Run one worker after the other, from `start` until `stop`."""

    def __init__(
        self,
        folder: Path,
        *,
        monotonic_s: Callable[[], float],
        say: Callable[[str], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        """Start nothing yet.

        Args:
            folder: where what it writes is kept.
            monotonic_s: the time.
            say: tells people that a worker has ended.
            command: starts one; it ends when its standard input does.
        """
        self._log = folder / LOG
        self._monotonic_s = monotonic_s
        self._say = say
        self._command = tuple(command)
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="worker", daemon=True)

    def start(self) -> None:
        """Start the first one, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker: what it runs may end within `GRACE_S`, and is others' after that."""
        self._ending.set()
        with self._lock:
            process = self._process
            if process is not None and process.stdin is not None:
                process.stdin.close()
        if process is not None:
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
        if self._thread.is_alive():
            self._thread.join()

    def _keep(self) -> None:
        """Start a worker whenever there is none; the sooner one ends, the later the next."""
        failures = 0
        while not self._ending.is_set():
            began_s = self._monotonic_s()
            process = self._started()
            if process is None:
                return
            code = process.wait()
            if self._ending.is_set():
                return
            failures = 0 if self._monotonic_s() - began_s > STEADY_S else failures + 1
            self._say(f"The worker ended ({_how(code)}); another is started. See {self._log}.")
            self._ending.wait(delay_s(failures, base_s=0.5, cap_s=LONGEST_PAUSE_S, jitter=0.99))

    def _started(self) -> subprocess.Popen[bytes] | None:
        with self._lock, self._log.open("ab") as log:
            if self._ending.is_set():
                return None
            previous, self._process = self._process, None
            if previous is not None and previous.stdin is not None:
                with suppress(OSError):
                    previous.stdin.close()
            self._process = subprocess.Popen(  # noqa: S603  # our own command
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in a terminal is for us: we end it in order
            )
            return self._process


def _how(code: int) -> str:
    return f"by signal {-code}" if code < 0 else f"exit code {code}"
