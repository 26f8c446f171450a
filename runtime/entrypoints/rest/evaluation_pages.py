"""Show the runs of an organization: the dashboard that is installed, behind our authentication.

The dashboard is an application of its own. It gets the request without credentials, and the address
below which its pages are; what it answers passes through here within bounds of time.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse
from starlette.types import Message, Receive, Scope, Send
from typing_extensions import override

from runtime.entrypoints.rest.context import Reading, ServicesOf
from runtime.entrypoints.rest.evaluation_links import PageRoute, page_root
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.services.evaluations.dashboards import Application, Dashboards, admit

LONGEST_S: Final = 300.0
"""After so long an answer ends: whoever follows a run asks again, and proves again who it is."""
SEND_S: Final = 15.0
"""Within which the reader has to take each part."""
HANDED_ON: Final = (
    "type",
    "asgi",
    "http_version",
    "method",
    "scheme",
    "path",
    "raw_path",
    "query_string",
    "client",
    "server",
)
KEPT_HERE: Final = frozenset({b"authorization", b"cookie", b"proxy-authorization"})

router = APIRouter(
    prefix="/v1/organizations/{organization_id}/evaluations",
    tags=["evaluations"],
    route_class=PageRoute,
    responses=PROBLEMS,
    include_in_schema=False,  # pages for people
)


class LentPage(Response):
    """Let a dashboard answer a request, in the place where it is shown."""

    def __init__(
        self, dashboards: Dashboards, organization_id: str, *, longest_s: float = LONGEST_S
    ) -> None:
        """Keep whose runs are looked at.

        Args:
            dashboards: who lends one.
            organization_id: of a caller who was let in.
            longest_s: after which the answer ends.
        """
        super().__init__()
        self._dashboards = dashboards
        self._organization_id = organization_id
        self._longest_s = longest_s

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        passage = _Passage(send)
        shown = _handed_on(scope, root=page_root(scope, self._organization_id))
        async with self._dashboards.lent(self._organization_id) as application:
            answering = asyncio.ensure_future(_answer(application, shown, receive, passage))
            ended = asyncio.ensure_future(self._dashboards.ending.wait())
            try:
                async with asyncio.timeout(self._longest_s):
                    await asyncio.wait({answering, ended}, return_when=asyncio.FIRST_COMPLETED)
            except TimeoutError:
                pass  # the answer ends here
            finally:
                await _stopped(ended)
                failure = await _stopped(answering)
        if failure is not None:
            raise failure
        await passage.end()


class _Passage:
    """Pass an answer on, and end it properly where it is cut short."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = False
        self._ended = False

    async def send(self, message: Message) -> None:
        """Send a part.

        Raises:
            ClientDisconnect: the reader does not take it.
        """
        self._begun = True
        self._ended = message["type"] == "http.response.body" and not message.get("more_body")
        try:
            async with asyncio.timeout(SEND_S):
                await self._send(message)
        except TimeoutError:
            raise ClientDisconnect from None

    async def end(self) -> None:
        """Send the last part, unless that was done."""
        if not self._begun:
            start: dict[str, Any] = {"type": "http.response.start", "status": 503, "headers": []}
            await self.send(start)
        if not self._ended:
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})


@router.get("")
async def open_evaluations(organization_id: str, request: Request, context: Reading) -> Response:
    """Lead to the list of runs, whose links need the slash at its end."""
    return RedirectResponse(f"{page_root(request.scope, admit(context, organization_id))}/")


@router.get("/{path:path}")
async def show_evaluations(
    organization_id: str, path: str, context: Reading, services: ServicesOf
) -> Response:
    """Show the runs of an organization, one of them, or two side by side."""
    del path  # the dashboard reads it off the request
    return LentPage(services.dashboards, admit(context, organization_id))


async def _answer(
    application: Application, scope: Scope, receive: Receive, passage: _Passage
) -> None:
    await application(scope, receive, passage.send)


async def _stopped(task: asyncio.Future[Any]) -> BaseException | None:
    """Stop a task that may be over, and return why it failed, if it did."""
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
    return None if task.cancelled() else task.exception()


def _handed_on(scope: Scope, *, root: str) -> Scope:
    """Return the request as the dashboard may see it: without credentials and our own state."""
    headers = [pair for pair in scope["headers"] if pair[0] not in KEPT_HERE]
    handed = {name: scope[name] for name in HANDED_ON if name in scope}
    return {**handed, "headers": headers, "root_path": root}
