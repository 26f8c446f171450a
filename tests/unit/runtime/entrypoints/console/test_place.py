"""The console knows which platform to ask, and how browsers reach it."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("gradio", reason="the console needs Gradio: pip install 'plangate[console]'")

from runtime.client import ClientError
from runtime.entrypoints.console.place import Place, own_path, own_root

ADDRESS = "http://10.0.0.1:8000/v1/organizations/o/evaluations:open?ticket=t"


def test_a_console_of_its_own_asks_the_platform_that_it_was_told() -> None:
    """Whatever a request says of where it came to."""
    place = Place(platform="http://10.0.0.1:8000")

    assert place.asked({"server": ("evil.example", 80)}) == "http://10.0.0.1:8000"
    assert place.leading(ADDRESS) == ADDRESS


def test_browsers_are_led_to_the_address_that_they_reach() -> None:
    """Which may be another one than the console's own way."""
    place = Place(platform="http://10.0.0.1:8000", shown="https://p.example/")

    assert place.leading(ADDRESS) == (
        "https://p.example/v1/organizations/o/evaluations:open?ticket=t"
    )


@pytest.mark.parametrize(
    ("server", "asked"),
    [
        (("127.0.0.1", 8000), "http://127.0.0.1:8000"),
        (("::1", 8000), "http://[::1]:8000"),
    ],
)
def test_a_mounted_console_asks_the_server_that_it_is_in(server: object, asked: str) -> None:
    """By the address of the socket, never by the name that a request came with."""
    place = Place(platform=None)
    scope: dict[str, Any] = {"server": server, "headers": [(b"host", b"evil.example")]}

    assert place.asked(scope) == asked
    assert place.leading(ADDRESS) == "/v1/organizations/o/evaluations:open?ticket=t"


@pytest.mark.parametrize("server", [None, ("/run/plangate.sock", None)])
def test_a_server_without_a_port_says_what_to_do(server: object) -> None:
    """It can't be asked from here."""
    with pytest.raises(ClientError, match="plangate console"):
        Place(platform=None).asked({"server": server})


def test_paths_are_the_consoles_own() -> None:
    """Wherever it is mounted."""
    scope = {"path": "/x/console/signin", "root_path": "/x/console"}

    assert (own_root(scope), own_path(scope)) == ("/x/console", "/signin")
    assert (own_root({"path": "/signin"}), own_path({"path": "/signin"})) == ("", "/signin")
