"""What is asked below a path goes to the app that stands beside the platform's, no more."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from runtime.entrypoints.rest.beside import Beside


async def told(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer by where the app is."""
    await PlainTextResponse(f"{scope['root_path']} {scope['path']}")(scope, receive, send)


def a_request(path: str, *, root: str = "") -> dict[str, Any]:
    """Return a request."""
    return {"type": "http", "method": "GET", "path": path, "root_path": root, "headers": []}


async def answered(scope: Scope) -> list[Message]:
    """Return what is sent in answer to it."""
    sent = list[Message]()

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        sent.append(message)

    await Beside("/console", told)(scope, receive, send)
    return sent


@pytest.mark.parametrize(
    ("path", "root", "led"),
    [
        ("/console", "", True),
        ("/console/", "", True),
        ("/console/x/y", "", True),
        ("/consoles", "", False),
        ("/v1/console/", "", False),
        ("/", "", False),
        ("/x/console/", "/x", True),
        ("/console/", "/x", True),
    ],
)
def test_paths_below_its_own_lead_to_the_app(path: str, root: str, led: object) -> None:
    """To the letter, below whatever the server puts before every path."""
    assert Beside("/console", told).leads(a_request(path, root=root)) is led


def test_only_requests_lead_there() -> None:
    """The life of the server is the platform's."""
    assert not Beside("/console", told).leads({"type": "lifespan"})
    assert not Beside("/console", told).leads({"type": "websocket", "path": "/console/"})


async def test_the_app_knows_where_it_is() -> None:
    """Its paths stay whole, as ASGI says."""
    sent = await answered(a_request("/x/console/signin", root="/x"))

    assert sent[1]["body"] == b"/x/console /x/console/signin"


async def test_browsers_that_look_for_an_icon_find_that_there_is_none() -> None:
    """At the root, where they look whatever page they show: it is no fault of the page."""
    assert Beside("/console", told).leads(a_request("/favicon.ico"))
    assert (await answered(a_request("/favicon.ico")))[0]["status"] == 204


async def test_the_path_without_its_slash_leads_to_the_one_with_it() -> None:
    """Relative links count from there."""
    sent = await answered(a_request("/x/console", root="/x"))

    assert sent[0]["status"] == 307
    assert (b"location", b"/x/console/") in sent[0]["headers"]
