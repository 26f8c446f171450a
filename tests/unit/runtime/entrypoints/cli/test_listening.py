"""A port is taken at once: the one that is named, or the first free one from the usual on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from runtime.entrypoints.cli.client import USAGE, CommandError
from runtime.entrypoints.cli.listening import TRIES, listen, open_socket


def test_the_address_is_reached_at_once() -> None:
    """Whoever connects before anything is served waits, and nobody else gets the port."""
    with listen(0) as listening:
        host, _, port = listening.url.removeprefix("http://").partition(":")
        socket.create_connection((host, int(port)), timeout=5).close()

        with pytest.raises(CommandError) as taken, listen(int(port)):
            raise AssertionError("two listen on one port")

    assert taken.value.exit_code == USAGE
    assert f"port {port} of 127.0.0.1 can't be listened on: Address" in str(taken.value)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)


def test_the_next_free_port_serves_as_well() -> None:
    """Where the usual one is taken and none was named."""
    with listen(0) as first:
        usual = int(first.url.rpartition(":")[2])
        with listen(None, usual=usual) as second:
            found = int(second.url.rpartition(":")[2])

    assert usual < found < usual + TRIES


def test_all_ports_taken_is_said() -> None:
    """With the range that was tried."""
    with listen(0) as first:
        usual = int(first.url.rpartition(":")[2])
        with (
            _taken(usual + 1),
            pytest.raises(CommandError) as taken,
            listen(None, usual=usual, tries=2),
        ):
            raise AssertionError("no port was left")

    assert f"port {usual} to {usual + 1} of" in str(taken.value)


@contextmanager
def _taken(port: int) -> Iterator[None]:
    """Hold a port, unless somebody holds it already."""
    with socket.socket() as held:
        with suppress(OSError):
            held.bind(("127.0.0.1", port))
            held.listen()
        yield


def _has_ipv6() -> bool:
    try:
        open_socket("::1", 0).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_ipv6(), reason="this machine has no ::1; with one it runs")
def test_a_host_is_named_in_either_way() -> None:
    """By its address in the sixth version of IP too."""
    with open_socket("::1", 0) as listening:
        socket.create_connection(listening.getsockname()[:2], timeout=5).close()

        assert listening.family == socket.AF_INET6
