"""Serve the dashboard on a socket until somebody interrupts it."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

import uvicorn
from typing_extensions import override

from harness.dashboard.app import create_app
from harness.dashboard.events import EventLog
from harness.dashboard.guard import LOOPBACK, Hosts
from harness.settings import HarnessSettings

GRACE_S = 2
LAST_PORT = 65_535


def open_socket(host: str, port: int) -> socket.socket:
    """Listen; port 0 takes a free one.

    Raises:
        OSError: the address is none of this machine, or the port is none or taken.
    """
    if not 0 <= port <= LAST_PORT:
        raise OSError(f"{port} is no port, expected 0 to {LAST_PORT}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def hosts_for(host: str) -> Hosts:
    """Return the names under which a server that listens on this host may be addressed."""
    names = {*LOOPBACK, host.lower()}
    if is_loopback(host):
        return Hosts(names=frozenset(names))
    names.add(socket.gethostname().lower())
    return Hosts(names=frozenset(names), any_address=True)


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches a host.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def serve(
    listening: socket.socket, settings: HarnessSettings, runs_folder: Path, *, host: str
) -> None:
    """Answer requests until an interrupt, which ends every open stream first.

    Raises:
        KeyboardInterrupt: when it was interrupted, once everything is closed.
    """
    app = create_app(settings, runs_folder, hosts=hosts_for(host))
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        ws="none",
    )
    _Server(config, app.state.live.events).run(sockets=[listening])


class _Server(uvicorn.Server):
    """End the streams on a signal: a server that waits for them would wait for ever."""

    def __init__(self, config: uvicorn.Config, events: EventLog) -> None:
        super().__init__(config)
        self._events = events

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note that it is over; the loop does the rest."""
        self._events.close()
        super().handle_exit(sig, frame)
