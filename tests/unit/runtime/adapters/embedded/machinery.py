"""What the tests of the embedded servers share: waiting with an end, toy servers, our double."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, Signals
from typing import Any, Final

import asyncpg

from runtime.adapters.embedded.child import Blueprint
from runtime.adapters.embedded.folder import DataFolder
from runtime.adapters.embedded.process import TIED_BY_THREAD, Launch
from runtime.domain.errors import EmbeddedServerError

ROOT: Final = Path(__file__).parents[5]
SHELL: Final = shutil.which("sh") or "sh"
LONGEST_S: Final = 20.0


def until(condition: Callable[[], Any], *, within_s: float = LONGEST_S) -> None:
    """Wait until the condition holds, or fail."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


def listens(port: int, *, host: str = "127.0.0.1") -> bool:
    """Return whether somebody listens on this port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


def shell(script: str) -> Callable[[str], tuple[str, ...]]:
    """Return the command of a server that is a shell script; it finds its data at `$0`."""
    return lambda data: (SHELL, "-c", script, data)


def a_launch(script: str = "exec sleep 600", *, tied_by_thread: bool = TIED_BY_THREAD) -> Launch:
    """Return the start of a toy server, which sleeps unless told otherwise."""
    return Launch(
        command=shell(script), orphan_signal=Signals.SIGTERM, tied_by_thread=tied_by_thread
    )


def a_blueprint(
    script: str = "exec sleep 600",
    *,
    serves: Callable[[], bool] = lambda: True,
    patience_s: float = LONGEST_S,
) -> Blueprint:
    """Return a toy server that serves at once, unless told otherwise."""
    return Blueprint(
        launch=a_launch(script), serves=serves, stop_signals=((Signals.SIGTERM, patience_s),)
    )


@contextmanager
def claimed(path: Path) -> Iterator[DataFolder]:
    """Hold a folder for a toy server."""
    folder = DataFolder.claimed(path, server="toy")
    try:
        yield folder
    finally:
        folder.release()


def is_used(folder: DataFolder) -> bool:
    """Return whether a process of the server still holds the data."""
    try:
        with folder.held(pause=lambda: False):
            return False
    except EmbeddedServerError:
        return True


LEAVES_A_PROCESS: Final = 'sleep 600 & echo $! > "$0/left-over"; exec sleep 600'


def left_over_of(folder: DataFolder) -> int:
    """Return the process that `LEAVES_A_PROCESS` left last; zero before it has."""
    note = folder.data / "left-over"
    return int(note.read_text() or 0) if note.exists() else 0


def end_left_over(folder: DataFolder) -> None:
    """Kill what `LEAVES_A_PROCESS` left; a zero would mean all of us."""
    pid = left_over_of(folder)
    assert pid > 1
    os.kill(pid, SIGKILL)


@contextmanager
def another_us(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script of ours in another process; end it by force."""
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def fetched(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Run one statement as a client of its own, and return its rows."""

    async def run() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url, timeout=5, ssl=False)
        try:
            return [tuple(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    return asyncio.run(run())
