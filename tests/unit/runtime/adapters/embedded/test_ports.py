"""A port is free when a server could listen on it."""

from __future__ import annotations

import socket

from runtime.adapters.embedded.ports import CANDIDATES, free_port, port_is_free


def test_a_port_with_a_listener_is_not_free() -> None:
    """Its server would fail to start."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert not port_is_free(taken.getsockname()[1])


def test_a_port_is_free_again_after_its_server_ended() -> None:
    """A restart can keep the port, although old connections linger."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the side that closes first is the one that lingers
            assert client.recv(1) == b""

    assert port_is_free(port)


def test_a_free_port_is_none_that_outgoing_connections_get() -> None:
    """A client that knocks while its server is down can't be connected to itself."""
    port = free_port()

    assert port in CANDIDATES
    assert port_is_free(port)
