"""Find a free port on loopback."""

from __future__ import annotations

import secrets
import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"
# Below what systems give to outgoing connections: a client that knocks at a closed port out of that
# range can, by chance, get connected to itself, and then holds the port against the server.
CANDIDATES: Final = range(20_000, 32_000)
_TRIES: Final = 200


def port_is_free(port: int) -> bool:
    """Return whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port() -> int:
    """Return a port that nobody listens on, picked at random.

    Raises:
        OSError: If none was found.
    """
    for _ in range(_TRIES):
        port = secrets.choice(CANDIDATES)
        if port_is_free(port):
            return port
    raise OSError(f"no free port between {CANDIDATES.start} and {CANDIDATES.stop}")
