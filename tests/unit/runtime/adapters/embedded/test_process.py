"""A server's process dies with us, hears only us, and is never mistaken for another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import Signals

import pytest

from runtime.adapters.embedded.folder import DataFolder
from runtime.adapters.embedded.process import Launch, ServerProcess
from tests.unit.runtime.adapters.embedded.machinery import (
    a_launch,
    another_us,
    claimed,
    is_used,
    shell,
    until,
)

PARENT = """
import sys
from pathlib import Path
from tests.unit.runtime.adapters.embedded.machinery import a_launch
from runtime.adapters.embedded.folder import DataFolder
from runtime.adapters.embedded.process import ServerProcess
folder = DataFolder.claimed(Path(sys.argv[1]), server="toy")
with folder.held(pause=lambda: False) as hold:
    launch = a_launch(tied_by_thread=sys.argv[2] == "thread")
    process = ServerProcess(launch, folder=folder, hold=hold)
print(process.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """Hold a folder for a toy server."""
    with claimed(tmp_path) as held:
        yield held


@contextmanager
def running(folder: DataFolder, launch: Launch) -> Iterator[ServerProcess]:
    """Run a toy server; end it by force."""
    with folder.held(pause=lambda: False) as hold:
        process = ServerProcess(launch, folder=folder, hold=hold)
    try:
        yield process
    finally:
        process.end(())


@pytest.mark.parametrize("tie", ["thread", "pipe"])
def test_a_server_dies_with_us_even_when_we_are_killed(tmp_path: Path, tie: str) -> None:
    """The kernel tells it, or a watcher that sees a pipe close."""
    with another_us(PARENT, str(tmp_path), tie) as parent:
        assert parent.stdout is not None
        assert int(parent.stdout.readline()) > 0
        parent.kill()
        parent.wait()

    with claimed(tmp_path) as folder:
        until(lambda: not is_used(folder))


@pytest.mark.parametrize("tie", ["thread", "pipe"])
def test_a_server_lives_while_we_do(folder: DataFolder, tie: str) -> None:
    """Neither tie ends it early, and both let it end by itself."""
    launch = a_launch(tied_by_thread=tie == "thread")
    with running(folder, launch) as process:
        assert not process.wait_for(0.05)
        assert is_used(folder)

        process.signal(Signals.SIGTERM)
        process.wait()

    assert process.exit_code == -Signals.SIGTERM
    until(lambda: not is_used(folder))


def test_a_server_does_not_hear_ctrl_c(folder: DataFolder) -> None:
    """A terminal tells every process of our group, and we stop servers in order."""
    with running(folder, a_launch()) as process:
        assert os.getsid(process.pid) == process.pid != os.getsid(0)


def test_a_server_inherits_nothing_of_our_environment(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PGDATA or a locale of the caller would change what the server does."""
    monkeypatch.setenv("PGDATA", "/elsewhere")
    with running(folder, a_launch("export -p")) as process:
        process.wait()

    assert "PGDATA" not in process.said()
    assert "TZ" in process.said()


def test_a_server_reads_its_configuration_to_the_end(folder: DataFolder) -> None:
    """Secrets travel through a pipe, not over the command line."""
    launch = Launch(
        command=shell("cat; echo end"),
        orphan_signal=Signals.SIGTERM,
        configuration=b"requirepass x\n",
    )
    with running(folder, launch) as process:
        process.wait()

    assert process.said().splitlines()[1:] == ["requirepass x", "end"]


def test_a_server_finds_its_data_where_it_could_not_go(folder: DataFolder) -> None:
    """The folder above is ours alone; what is open can be used all the same."""
    with running(folder, a_launch('echo hello > "$0/file"')) as process:
        process.wait()

    assert (folder.data / "file").read_text() == "hello\n", process.said()
    assert (folder.data / "file").stat().st_uid == folder.data.stat().st_uid


def test_a_process_that_has_ended_gets_no_signal(folder: DataFolder) -> None:
    """Its number may be a stranger's by now."""
    with running(folder, a_launch("exit 3")) as process:
        process.wait()

        process.signal(Signals.SIGKILL)

    assert process.exit_code == 3


def test_a_process_that_ignores_signals_is_ended_by_force(folder: DataFolder) -> None:
    """Each signal has its time, and the last can't be ignored."""
    script = "trap '' TERM INT; echo deaf; exec sleep 600"
    with running(folder, a_launch(script)) as process:
        until(lambda: "deaf" in process.said())

        process.end(((Signals.SIGINT, 0.02), (Signals.SIGTERM, 0.02)))

    assert process.exit_code == -Signals.SIGKILL


def test_only_the_last_words_of_this_run_are_told(folder: DataFolder) -> None:
    """A log holds many runs and many lines."""
    with running(folder, a_launch("echo before")) as process:
        process.wait()
    with running(folder, a_launch("seq 100; exit 2")) as process:
        process.wait()

    words = process.said().splitlines()
    assert words[0] == f"exit code 2, its last words in {folder.log}:"
    assert words[1:] == [str(number) for number in range(93, 101)]
