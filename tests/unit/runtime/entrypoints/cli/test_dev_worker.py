"""A worker runs beside `plangate dev`: another follows one that ends, and none outlives it."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from runtime.entrypoints.cli.dev_worker import LOG, DevWorker
from runtime.kit.clock import SystemClock

WAIT_S: Final = 20.0
STEADY: Final = "print('works', flush=True); import sys; sys.stdin.read(); print('ended')"
FAILING: Final = "import sys; print('no', flush=True); sys.exit(3)"
KILLED: Final = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def a_worker(folder: Path, code: str, *, say: Callable[[str], None] = print) -> DevWorker:
    """Make the keeper of a worker that is this code."""
    return DevWorker(
        folder,
        monotonic_s=SystemClock().monotonic_s,
        say=say,
        command=(sys.executable, "-c", code),
    )


def test_a_worker_is_ended_with_us(tmp_path: Path) -> None:
    """The end of its input tells it, and what it still says is kept."""
    said = list[str]()
    worker = a_worker(tmp_path, STEADY, say=said.append)

    worker.start()
    _await_words(tmp_path / LOG)
    worker.stop()

    assert (tmp_path / LOG).read_text().splitlines() == ["works", "ended"]
    assert said == []


def test_another_follows_one_that_ends(tmp_path: Path) -> None:
    """People are told how it ended and where its words are."""
    said = queue.Queue[str]()
    worker = a_worker(tmp_path, FAILING, say=said.put)

    worker.start()
    told = [said.get(timeout=WAIT_S) for _ in range(2)]
    worker.stop()

    assert all("exit code 3" in text and str(tmp_path / LOG) in text for text in told)
    assert (tmp_path / LOG).read_text().splitlines()[:2] == ["no", "no"]


def test_one_that_was_killed_is_told_by_its_signal(tmp_path: Path) -> None:
    """As by a segmentation fault in an effect."""
    said = queue.Queue[str]()
    worker = a_worker(tmp_path, KILLED, say=said.put)

    worker.start()
    told = said.get(timeout=WAIT_S)
    worker.stop()

    assert "by signal 9" in told


def test_nothing_is_ended_that_was_not_started(tmp_path: Path) -> None:
    """Whoever never got to serve has no worker."""
    a_worker(tmp_path, STEADY).stop()

    assert not (tmp_path / LOG).exists()


def _await_words(log: Path) -> None:
    """Return once a worker has said something; the time limit of a test bounds it."""
    pause = threading.Event()
    while not log.exists() or not log.read_text():
        pause.wait(0.01)
