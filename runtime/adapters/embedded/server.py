"""Hold what embedded servers have in common: a port, a folder, a supervised child."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final, Self

from runtime.adapters.embedded.child import USUAL_PATIENCE, Blueprint, Child, Patience
from runtime.adapters.embedded.folder import DataFolder
from runtime.adapters.embedded.ports import free_port, port_is_free
from runtime.adapters.embedded.waiting import pauses
from runtime.domain.errors import EmbeddedServerError

PORT_TRIES: Final = 3


class EmbeddedServer(ABC):
    """Serve from a folder until `stop`, or until this process ends for whatever reason.

    Attributes:
        last_processes_s: how long `stop` waits for what the server left running.
    """

    last_processes_s: ClassVar[float] = 10.0

    def __init__(self, *, folder: DataFolder, child: Child, port: int) -> None:
        self._folder = folder
        self._child = child
        self._port = port
        self._stopped = False

    @classmethod
    @abstractmethod
    def start(cls, folder: Path, *, durable: bool = True) -> Self:
        """Start the server of a folder."""

    @classmethod
    @contextmanager
    def started(cls, folder: Path, *, durable: bool = True) -> Iterator[Self]:
        """Start as `start` does, and stop when the block ends."""
        server = cls.start(folder, durable=durable)
        try:
            yield server
        finally:
            server.stop()

    @property
    def port(self) -> int:
        """Return the port on loopback; a restart keeps it."""
        return self._port

    @property
    def pid(self) -> int | None:
        """Return the number of the server's process, or nothing while there is none."""
        return self._child.pid

    @property
    def failure(self) -> EmbeddedServerError | None:
        """Return why the server is not kept running any more, if that is so."""
        return self._child.failure

    def stop(self) -> None:
        """End the server and let the folder go; a second time, nothing happens.

        Raises:
            EmbeddedServerError: If processes of the server outlive it.
        """
        if self._stopped:
            return
        self._stopped = True
        try:
            self._child.stop()
            with self._folder.held(pause=pauses(self.last_processes_s)):
                pass
        finally:
            self._folder.release()


def serving_child(
    folder: DataFolder,
    blueprint_on: Callable[[int], Blueprint],
    *,
    patience: Patience = USUAL_PATIENCE,
) -> tuple[Child, int]:
    """Start a server on the folder's usual port, or on another if that is taken.

    Raises:
        EmbeddedServerError: If it does not start.
    """
    port = folder.usual_port()
    tries = PORT_TRIES
    while True:
        child = Child(blueprint_on(port), folder=folder, patience=patience)
        try:
            child.start()
        except EmbeddedServerError:
            tries -= 1
            if not tries or port_is_free(port):
                raise
            port = free_port()
        else:
            folder.keep_port(port)
            return child, port
