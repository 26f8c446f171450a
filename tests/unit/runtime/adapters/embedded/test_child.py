"""A server is kept running: until it is stopped, or until it dies too often."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGINT, SIGKILL, Signals, pthread_kill
from typing import Any

import pytest
from typing_extensions import override

from runtime.adapters.embedded.child import Blueprint, Child, Patience
from runtime.adapters.embedded.folder import DataFolder
from runtime.adapters.embedded.process import Launch
from runtime.domain.errors import EmbeddedServerError
from runtime.kit.clock import FixedClock
from tests.unit.runtime.adapters.embedded.machinery import (
    LEAVES_A_PROCESS,
    a_blueprint,
    claimed,
    end_left_over,
    is_used,
    left_over_of,
    shell,
    until,
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """Hold a folder for a toy server."""
    with claimed(tmp_path) as held:
        yield held


@contextmanager
def supervised(child: Child) -> Iterator[Child]:
    """Start a server, and stop it when the block ends."""
    child.start()
    try:
        yield child
    finally:
        child.stop()


def killed(child: Child) -> int:
    """Kill the server's process, and return its number."""
    pid = child.pid
    assert pid is not None
    os.kill(pid, SIGKILL)
    return pid


def runs_again(child: Child, *, after: int) -> bool:
    """Return whether the server has another process than this one."""
    return child.pid not in {None, after}


def one_after_the_other(left: list[str]) -> Blueprint:
    """Return a server that does something else in each of its lives, and serves when it sleeps."""
    now = [""]

    def command(data: str) -> tuple[str, ...]:
        now[0] = left.pop(0)
        return shell(now[0])(data)

    return Blueprint(
        launch=Launch(command=command, orphan_signal=Signals.SIGTERM),
        serves=lambda: "sleep" in now[0],
        stop_signals=((Signals.SIGTERM, 20.0),),
    )


def test_start_returns_when_the_server_serves(folder: DataFolder) -> None:
    """Not before: a connection then works."""
    answers = [False, False, True]

    with supervised(Child(a_blueprint(serves=lambda: answers.pop(0)), folder=folder)) as child:
        assert answers == []
        assert child.pid is not None
        assert child.failure is None


def test_stop_leaves_nothing_running(folder: DataFolder) -> None:
    """The process has ended when it returns; a second time nothing happens."""
    with supervised(Child(a_blueprint(), folder=folder)) as child:
        running = is_used(folder)
        child.stop()

        assert (running, is_used(folder), child.pid) == (True, False, None)
    assert child.failure is None


def test_a_server_that_ends_at_its_start_is_told_by_its_last_words(folder: DataFolder) -> None:
    """A server that never served isn't tried again."""
    child = Child(a_blueprint("echo no room; exit 7", serves=lambda: False), folder=folder)

    with pytest.raises(EmbeddedServerError, match="it did not start; exit code 7") as failure:
        child.start()

    assert "no room" in str(failure.value)
    assert child.failure is failure.value
    assert not is_used(folder)


def test_a_server_that_does_not_serve_in_time_is_ended(folder: DataFolder) -> None:
    """Nobody waits for ever, and no process stays behind."""
    child = Child(a_blueprint(serves=lambda: False), folder=folder, patience=Patience(ready_s=0.05))

    with pytest.raises(EmbeddedServerError, match="it did not start"):
        child.start()

    assert not is_used(folder)


def test_a_killed_server_is_started_again(folder: DataFolder) -> None:
    """Nobody has to notice."""
    with supervised(Child(a_blueprint(), folder=folder)) as child:
        before = killed(child)

        until(lambda: runs_again(child, after=before))
        assert child.failure is None


def test_a_new_start_that_fails_is_tried_again(folder: DataFolder) -> None:
    """What hindered it may be over in a moment."""
    lives = ["exec sleep 600", "exit 1", "exit 1", "exec sleep 601"]
    blueprint = one_after_the_other(lives)

    with supervised(Child(blueprint, folder=folder)) as child:
        killed(child)

        until(lambda: not lives and child.pid is not None)
        assert child.failure is None


def test_a_server_that_dies_too_often_stays_down(folder: DataFolder) -> None:
    """The reason is kept, with its last words."""
    child = Child(
        a_blueprint("echo tired; exec sleep 600"), folder=folder, patience=Patience(deaths=1)
    )
    with supervised(child):
        until(lambda: folder.log.read_text().count("tired") == 1)
        killed(child)
        until(lambda: folder.log.read_text().count("tired") == 2)
        killed(child)

        until(lambda: child.failure is not None)

    assert "it died 2 times in 60 s; exit code -9" in str(child.failure)
    assert "tired" in str(child.failure)
    assert (child.pid, is_used(folder)) == (None, False)


def test_deaths_of_long_ago_do_not_count(folder: DataFolder) -> None:
    """A server may die once a day for years."""
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    child = Child(a_blueprint(), folder=folder, patience=Patience(deaths=1), clock=clock)
    with supervised(child):
        for _ in range(3):
            before = killed(child)
            until(lambda before=before: runs_again(child, after=before))  # type: ignore[misc]
            clock.advance(timedelta(seconds=61))

        assert child.failure is None


def a_server_that_leaves_a_process(folder: DataFolder) -> Blueprint:
    """Return a server whose second process outlives it, and holds the data as well."""
    return a_blueprint(LEAVES_A_PROCESS, serves=lambda: left_over_of(folder) > 0)


def test_a_new_start_waits_for_what_the_last_left_running(folder: DataFolder) -> None:
    """Two servers on the same data would ruin them."""
    with supervised(Child(a_server_that_leaves_a_process(folder), folder=folder)) as child:
        before = killed(child)
        until(lambda: child.pid is None)
        left_over = left_over_of(folder)
        waits = is_used(folder)
        end_left_over(folder)

        until(lambda: runs_again(child, after=before))
        until(lambda: left_over_of(folder) not in {0, left_over})
        end_left_over(folder)

    assert waits


def test_what_never_ends_prevents_a_new_start(folder: DataFolder) -> None:
    """We signal nobody but our own child, and say what is in the way."""
    blueprint = a_server_that_leaves_a_process(folder)
    child = Child(blueprint, folder=folder, patience=Patience(left_over_s=0.05))
    with supervised(child):
        killed(child)

        until(lambda: child.failure is not None)
        end_left_over(folder)

    assert f"processes of its former run still use {folder.data}" in str(child.failure)


def test_stop_does_not_wait_for_what_is_left_running(folder: DataFolder) -> None:
    """It is no failure either: nothing was to be started any more."""
    with supervised(Child(a_server_that_leaves_a_process(folder), folder=folder)) as child:
        killed(child)
        until(lambda: child.pid is None)
        child.stop()
        end_left_over(folder)

    assert child.failure is None


class Told(Sequence[tuple[Signals, float]]):
    """Be no signals at all, and tell when somebody is about to send them."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    @override
    def __iter__(self) -> Iterator[tuple[Signals, float]]:
        self.asked.set()
        return iter(())

    @override
    def __len__(self) -> int:
        return 0

    @override
    def __getitem__(self, index: Any) -> Any:
        raise IndexError(index)


def test_nothing_is_started_once_stop_has_begun(folder: DataFolder) -> None:
    """Nobody would end it: stop has seen that nothing runs."""
    signals, toy = Told(), a_blueprint()
    lives: list[int] = []

    def before() -> None:
        lives.append(len(lives))
        if len(lives) > 1:
            threading.Thread(target=child.stop).start()
            assert signals.asked.wait(20)

    blueprint = Blueprint(launch=toy.launch, serves=toy.serves, stop_signals=signals, before=before)
    child = Child(blueprint, folder=folder)
    with supervised(child):
        signals.asked.clear()
        killed(child)
        until(lambda: len(lives) > 1 and not is_used(folder))

    assert child.failure is None


def fails() -> bool:
    """Fail as nobody expected."""
    raise ZeroDivisionError("no such answer")


@pytest.mark.parametrize(
    ("serves", "before"),
    [
        pytest.param(fails, lambda: None, id="while it looks whether it serves"),
        pytest.param(lambda: True, fails, id="before the start"),
    ],
)
def test_a_fault_of_the_supervision_is_told(
    folder: DataFolder, serves: Callable[[], bool], before: Callable[[], None]
) -> None:
    """It ends the server: what nobody watches must not run."""
    toy = a_blueprint()
    blueprint = Blueprint(launch=toy.launch, serves=serves, before=before, stop_signals=())

    with pytest.raises(EmbeddedServerError, match="its supervision failed") as failure:
        Child(blueprint, folder=folder).start()

    assert "ZeroDivisionError: no such answer" in str(failure.value)
    assert not is_used(folder)


def test_ctrl_c_during_the_start_ends_the_server(folder: DataFolder) -> None:
    """Who gives up waiting leaves nothing running."""
    ctrl_c = [SIGINT]

    def serves() -> bool:
        if ctrl_c:
            pthread_kill(threading.main_thread().ident or 0, ctrl_c.pop())
        return False

    with pytest.raises(KeyboardInterrupt):
        Child(a_blueprint(serves=serves), folder=folder).start()

    assert not is_used(folder)
