"""All embedded servers find a port, stop once, and let their folder go."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Self

import pytest
from typing_extensions import override

from runtime.adapters.embedded.child import Blueprint
from runtime.adapters.embedded.folder import DataFolder
from runtime.adapters.embedded.server import PORT_TRIES, EmbeddedServer, serving_child
from runtime.domain.errors import EmbeddedServerError
from tests.unit.runtime.adapters.embedded.machinery import (
    LEAVES_A_PROCESS,
    a_blueprint,
    claimed,
    end_left_over,
    is_used,
    left_over_of,
)


class Toy(EmbeddedServer):
    """Sleep, and leave a process behind if asked to be durable."""

    last_processes_s: ClassVar[float] = 0.05

    @classmethod
    @override
    def start(cls, folder: Path, *, durable: bool = True) -> Self:
        held = DataFolder.claimed(folder, server="toy")
        child, port = serving_child(held, lambda _: a_toy(held) if durable else a_blueprint())
        return cls(folder=held, child=child, port=port)


def a_toy(folder: DataFolder) -> Blueprint:
    """Return a server that leaves a process behind, and its number in a file."""
    return a_blueprint(LEAVES_A_PROCESS, serves=lambda: left_over_of(folder) > 0)


def a_server_that_fails(taken: list[socket.socket], *, times: int) -> Callable[[int], Blueprint]:
    """Return a server that fails because somebody was faster to take the port, some times."""

    def blueprint_on(port: int) -> Blueprint:
        if len(taken) == times:
            return a_blueprint()
        taken.append(socket.create_server(("127.0.0.1", port)))
        return a_blueprint("exit 1", serves=lambda: False)

    return blueprint_on


def test_a_server_keeps_its_port(tmp_path: Path) -> None:
    """From one run to the next, if nobody took it meanwhile."""
    with Toy.started(tmp_path, durable=False) as server:
        first = server.port
    with Toy.started(tmp_path, durable=False) as server:
        assert server.port == first
        assert server.pid is not None
        assert server.failure is None


@pytest.mark.parametrize("times", range(PORT_TRIES))
def test_a_port_that_was_taken_at_the_last_moment_is_replaced(tmp_path: Path, times: int) -> None:
    """Between looking and listening somebody may be faster."""
    taken: list[socket.socket] = []
    with claimed(tmp_path) as folder:
        child, port = serving_child(folder, a_server_that_fails(taken, times=times))
        child.stop()

        assert len(taken) == times
        assert port not in {listener.getsockname()[1] for listener in taken}
        assert folder.usual_port() == port
    for listener in taken:
        listener.close()


def test_ports_are_not_tried_for_ever(tmp_path: Path) -> None:
    """The last failure is told."""
    taken: list[socket.socket] = []
    with claimed(tmp_path) as folder, pytest.raises(EmbeddedServerError, match="did not start"):
        serving_child(folder, a_server_that_fails(taken, times=100))

    assert len(taken) == PORT_TRIES
    for listener in taken:
        listener.close()


def test_a_failure_that_is_not_the_ports_is_told_at_once(tmp_path: Path) -> None:
    """Another port would not help."""
    tried = []

    def blueprint_on(port: int) -> Blueprint:
        tried.append(port)
        return a_blueprint("exit 1", serves=lambda: False)

    with claimed(tmp_path) as folder, pytest.raises(EmbeddedServerError, match="did not start"):
        serving_child(folder, blueprint_on)

    assert len(tried) == 1


def test_stop_lets_the_folder_go(tmp_path: Path) -> None:
    """A second stop does nothing, not even to the next server of the folder."""
    first = Toy.start(tmp_path, durable=False)
    first.stop()
    with Toy.started(tmp_path, durable=False) as second:
        first.stop()

        assert second.pid is not None
    with claimed(tmp_path) as folder:
        assert not is_used(folder)


def test_stop_tells_of_processes_that_outlive_the_server(tmp_path: Path) -> None:
    """The folder is free to be claimed, and the next start waits for them."""
    server = Toy.start(tmp_path)

    with pytest.raises(EmbeddedServerError, match="processes of its former run still use"):
        server.stop()

    with claimed(tmp_path) as folder:
        assert is_used(folder)
        end_left_over(folder)
