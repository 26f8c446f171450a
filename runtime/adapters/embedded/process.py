"""Run a server's process once: start it tied to our life, signal it, wait for it, reap it.

A signal can't reach a stranger: a process that has ended keeps its number until we reap it, and we
signal and reap under one lock.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runtime.adapters.embedded import launcher
from runtime.adapters.embedded.account import Account
from runtime.adapters.embedded.folder import DataFolder, Hold
from runtime.adapters.embedded.waiting import LOOK_S, pauses

LAUNCHER: Final = Path(launcher.__file__).resolve()
TIED_BY_THREAD: Final = sys.platform == "linux"  # see launcher
LAST_LINES: Final = 8

StopSignals = Sequence[tuple[signal.Signals, float]]  # in turn, each with the seconds it may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Say how to start a server's process.

    Attributes:
        command: the binary and its arguments, given the path where it finds its data.
        orphan_signal: what the process gets when we die.
        configuration: what it reads from its standard input; must fit into a pipe, 64 kB.
        tied_by_thread: whether the kernel ties it to the thread that starts it, or a watcher to us.
    """

    command: Callable[[str], Sequence[str]]
    orphan_signal: signal.Signals
    configuration: bytes = b""
    tied_by_thread: bool = TIED_BY_THREAD


class ServerProcess:
    """Hold one process, from its start until it is reaped."""

    def __init__(self, launch: Launch, *, folder: DataFolder, hold: Hold) -> None:
        """Start it; where the thread ties it, the calling thread must live as long as it does."""
        self._lock = threading.Lock()
        self._log = folder.log
        self._tie = ExitStack()  # what is open for as long as the process should live
        with ExitStack() as handed_over:
            log = _closed_by(handed_over, folder.open_log())
            self._log_start = os.fstat(log).st_size
            stdin = _closed_by(handed_over, _filled_pipe(launch.configuration))
            inherited = [hold.descriptor]
            if not launch.tied_by_thread:
                watched, kept_open = os.pipe()
                inherited.append(_closed_by(handed_over, watched))
                _closed_by(self._tie, kept_open)
            tie = launcher.NO_PIPE if launch.tied_by_thread else str(inherited[-1])
            who = [str(os.getpid()), str(launch.orphan_signal.value), *_numbers(folder.account)]
            command = launch.command(hold.address)
            self._process = subprocess.Popen(  # noqa: S603  # our own script
                [sys.executable, "-I", "-S", str(LAUNCHER), *who, tie, *command],
                stdin=stdin,
                stdout=log,
                stderr=log,
                pass_fds=inherited,
                cwd="/",
                start_new_session=True,  # Ctrl-C in a terminal is for us: we stop it in order
            )

    @property
    def pid(self) -> int:
        """Return the number of the process, which is the server's own."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Return how it ended, once it is reaped; negative if by a signal."""
        return self._process.returncode

    def ended(self) -> bool:
        """Return whether it has ended, and reap it if so."""
        with self._lock:
            if self._process.poll() is None:
                return False
        self._tie.close()
        return True

    def wait(self) -> None:
        """Wait until it has ended."""
        if sys.platform == "linux":
            with suppress(ChildProcessError):  # it was reaped meanwhile
                os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        while not self.ended():
            time.sleep(LOOK_S)

    def wait_for(self, seconds: float) -> bool:
        """Wait until it has ended, at most so long; return whether it has."""
        go_on = pauses(seconds)
        while not self.ended():
            if not go_on():
                return False
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        with self._lock:
            if self._process.returncode is None:
                os.kill(self.pid, number)

    def end(self, signals: StopSignals) -> None:
        """End it by these signals, by force if they don't."""
        for number, patience_s in signals:
            self.signal(number)
            if self.wait_for(patience_s):
                return
        self.signal(signal.SIGKILL)
        self.wait()

    def said(self) -> str:
        """Return how it ended, and the last lines that it wrote."""
        with self._log.open("rb") as stream:
            stream.seek(self._log_start)
            lines = stream.read().decode(errors="replace").strip().splitlines()[-LAST_LINES:]
        return "\n".join((f"exit code {self.exit_code}, its last words in {self._log}:", *lines))


def _closed_by(stack: ExitStack, descriptor: int) -> int:
    stack.callback(os.close, descriptor)
    return descriptor


def _filled_pipe(content: bytes) -> int:
    """Return the reading end of a pipe that holds the content and then ends."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading


def _numbers(account: Account | None) -> tuple[str, str]:
    if account is None:
        return launcher.NOBODY, launcher.NOBODY
    return str(account.user), str(account.group)
