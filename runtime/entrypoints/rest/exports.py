"""Stream everything of an organization to its owners."""

from __future__ import annotations

import asyncio
from typing import Final

from fastapi import APIRouter
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from typing_extensions import override

from runtime.entrypoints.rest.context import Reading, ServicesOf
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.services.parts import Parts

MEDIA_TYPE: Final = "application/x-ndjson"
SEND_S: Final = 15.0

router = APIRouter(
    prefix="/v1/organizations", tags=["exports"], route_class=PlatformRoute, responses=PROBLEMS
)


class LinesResponse(StreamingResponse):
    """Send lines as they come, and end what makes them when the reader goes or stands still."""

    media_type = MEDIA_TYPE

    def __init__(self, parts: Parts, *, name: str, send_s: float = SEND_S) -> None:
        """Take over the parts.

        Args:
            parts: what is sent; closed in the end.
            name: what a browser saves it as.
            send_s: within which the reader has to take each part.
        """
        headers = {
            "Content-Disposition": f'attachment; filename="{name}.ndjson"',
            "Cache-Control": "no-store",
        }
        super().__init__(parts, headers=headers)
        self._parts = parts
        self._send_s = send_s

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""

        async def sent(message: Message) -> None:
            try:
                async with asyncio.timeout(self._send_s):
                    await send(message)
            except TimeoutError:
                raise ClientDisconnect from None

        try:
            await super().__call__(scope, receive, sent)
        finally:
            await self._parts.aclose()


@router.get("/{organization_id}:export", status_code=200, response_class=LinesResponse)
async def export_organization(
    organization_id: str, context: Reading, services: ServicesOf
) -> LinesResponse:
    """Return everything of an organization as lines of JSON: a header, rows, and a last line.

    The last line counts the rows of each table and holds the SHA-256 of all lines before it; an
    export that ends without it is not whole.
    """
    parts = await services.exports.begin(context, organization_id)
    return LinesResponse(parts, name=organization_id)
