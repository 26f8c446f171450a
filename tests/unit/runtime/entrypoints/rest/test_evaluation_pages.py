"""A dashboard gets requests without credentials, and its answers pass within bounds of time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from runtime.entrypoints.rest.evaluation_links import page_root
from runtime.entrypoints.rest.evaluation_pages import LentPage
from runtime.services.evaluations.dashboards import Application, Dashboards, Message

ORGANIZATION = "org_01KDVDNA00ADB7E3Q4XN5M6WZT"
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def showing(application: Application) -> Dashboards:
    """Lend one application to everybody."""

    @asynccontextmanager
    async def opened(runs_folder: Path, *, tracking_uri: str) -> AsyncIterator[Application]:
        assert (runs_folder.name, tracking_uri) == (ORGANIZATION, "")
        yield application

    return Dashboards(folder=Path("/nowhere"), opener=lambda: opened)


async def asked(page: LentPage) -> list[Message]:
    """Send a request with credentials, and return the parts of the answer."""
    sent = list[Message]()
    headers = [(b"authorization", b"Bearer x"), (b"cookie", b"a=b"), (b"accept", b"text/html")]
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"{page_root({}, ORGANIZATION)}/runs/x",
        "headers": headers,
        "root_path": "",
        "state": {"ours": True},
        "plangate.caller": "ours",
    }

    async def receive() -> Message:
        await asyncio.Future[None]()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    await page(scope, receive, send)
    return sent


async def test_the_request_is_handed_on_without_credentials_and_state() -> None:
    """And with the address below which the pages are."""
    seen = list[Message]()

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    parts = await asked(LentPage(showing(application), ORGANIZATION))

    assert [part.get("body") for part in parts] == [None, b"hello"]
    assert seen[0]["headers"] == [(b"accept", b"text/html")]
    assert seen[0]["root_path"] == f"/v1/organizations/{ORGANIZATION}/evaluations"
    assert set(seen[0]) == {"type", "method", "path", "headers", "root_path"}


async def endless(scope: Message, receive: Receive, send: Send) -> None:
    """Begin to answer, and never end."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"news", "more_body": True})
    await asyncio.Future[None]()


async def test_an_answer_ends_after_its_time() -> None:
    """Properly, so that the reader asks again and proves again who it is."""
    parts = await asked(LentPage(showing(endless), ORGANIZATION, longest_s=0.05))

    assert parts[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert len(parts) == 3


async def test_an_answer_ends_with_the_process() -> None:
    """It would hold it up."""
    dashboards = showing(endless)
    dashboards.end()

    async with asyncio.timeout(5):
        parts = await asked(LentPage(dashboards, ORGANIZATION))

    assert parts[-1]["more_body"] is False


async def test_who_says_nothing_in_time_is_unavailable() -> None:
    """Nothing was begun, so it can be said."""

    async def silent(scope: Message, receive: Receive, send: Send) -> None:
        await asyncio.Future[None]()

    parts = await asked(LentPage(showing(silent), ORGANIZATION, longest_s=0.05))

    assert parts[0]["status"] == 503


async def test_a_fault_of_the_dashboard_is_ours() -> None:
    """The edge writes it down, and nothing stays lent."""

    async def broken(scope: Message, receive: Receive, send: Send) -> None:
        raise RuntimeError("broken")

    dashboards = showing(broken)
    for _ in range(100):
        with pytest.raises(RuntimeError, match="broken"):
            await asked(LentPage(dashboards, ORGANIZATION))
