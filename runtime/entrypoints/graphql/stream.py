"""Answer a subscription with server-sent events, one request a stream (graphql-sse, distinct mode).

Source: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. What a stream may tell is
judged anew every few seconds by the use case that REST's streams have too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, Protocol

from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from typing_extensions import override

from runtime.entrypoints.graphql.masking import spelled, told_size
from runtime.entrypoints.graphql.refusals import AnswerTooLargeError
from runtime.entrypoints.graphql.wiring import ProjectEvent, event_shown
from runtime.kit.json_value import JsonObject
from runtime.services.live.stream import Ended, LiveEvent

MEDIA_TYPE: Final = "text/event-stream"
SEND_S: Final = 15.0
_HELLO: Final = b": events follow\n\n"
_ALIVE: Final = b": alive\n\n"
_COMPLETE: Final = b"event: complete\ndata:\n\n"

Show = Callable[[ProjectEvent], Awaitable[JsonObject]]
"""Return the answer for one event, with the fields that were asked for."""


class Events(Protocol):
    """Yield what a stream tells, and stop listening."""

    def __aiter__(self) -> AsyncIterator[Any]:
        """Return itself."""

    async def aclose(self) -> None:
        """Listen no more."""


class SubscriptionResponse(StreamingResponse):
    """Send events as they come, and end when the reader goes or stands still."""

    media_type = MEDIA_TYPE

    def __init__(self, events: Events, show: Show, *, send_s: float = SEND_S) -> None:
        """Take over what yields events, which is closed in the end.

        Args:
            events: what is sent.
            show: makes each of them an answer.
            send_s: within which the reader has to take each part.
        """
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_parts(events, show), headers=headers)
        self._events = events
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

        async with aclosing(self._events):
            await super().__call__(scope, receive, sent)


async def _parts(events: Events, show: Show) -> AsyncIterator[bytes]:
    yield _HELLO
    async for item in events:
        if isinstance(item, LiveEvent):
            yield _next(await show(event_shown(item)))
        elif isinstance(item, Ended):
            told = {"message": item.reason, "extensions": {"code": item.code}}
            yield _next({"errors": [told]})
        else:
            yield _ALIVE
    yield _COMPLETE


def _next(document: JsonObject) -> bytes:
    try:
        content = spelled(document)
    except AnswerTooLargeError as error:
        content = spelled(told_size(error))
    return b"event: next\ndata: %b\n\n" % content
