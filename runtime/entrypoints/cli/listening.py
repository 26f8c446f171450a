"""Listen on a port: the one that is named, or on loopback the first free one from the usual."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from runtime.entrypoints.cli.client import USAGE, CommandError

LOOPBACK: Final = "127.0.0.1"
USUAL_PORT: Final = 8000
TRIES: Final = 100
BACKLOG: Final = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Hold an open socket; whoever connects waits until somebody accepts."""

    socket: socket.socket

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://{LOOPBACK}:{self.socket.getsockname()[1]}"


@contextmanager
def listen(port: int | None, *, usual: int = USUAL_PORT, tries: int = TRIES) -> Iterator[Listening]:
    """Listen on loopback until the block ends; port 0 takes any.

    It begins at once, not when there is something to serve: two starters never get the same port.

    Args:
        port: the one to take; None takes the usual one, or the next that is free.
        usual: where the search begins.
        tries: how many ports it looks at.

    Raises:
        CommandError: the named port can't be had, or none of those from the usual one on.
    """
    with _opened(range(usual, usual + tries) if port is None else range(port, port + 1)) as found:
        yield Listening(socket=found)


def open_socket(host: str, port: int, *, backlog: int = BACKLOG) -> socket.socket:
    """Listen on an address; port 0 takes any.

    Raises:
        OSError: it is none of this machine, or taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=backlog)


def spoken(error: OSError) -> str:
    """Return what the system said, without the address, which the caller names better."""
    return str(error.strerror).partition(" (while")[0]


def _opened(ports: range) -> socket.socket:
    problem: str | None = None
    for port in ports:
        try:
            return open_socket(LOOPBACK, port)
        except OSError as error:
            problem = spoken(error)
    shown = f"{ports.start}" if len(ports) == 1 else f"{ports.start} to {ports.stop - 1}"
    raise CommandError(
        f"port {shown} of {LOOPBACK} can't be listened on: {problem}; name another with --port",
        exit_code=USAGE,
    )
