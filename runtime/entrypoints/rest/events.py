"""Let callers follow the events of a project as they happen: server-sent events, or pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send
from typing_extensions import override

from runtime.domain.caller import Caller
from runtime.domain.event_catalogue import EVENT_TYPES, MOST_WANTED, known_pattern
from runtime.entrypoints.rest.context import JSON_MEDIA_TYPE, Reading, ServicesOf
from runtime.entrypoints.rest.credentials import brought_by
from runtime.entrypoints.rest.paging import MOST_ITEMS, USUAL_ITEMS
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import PROBLEMS, ProblemError
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.kit.cursors import MAX_LETTERS
from runtime.services.documents import spelled_instant
from runtime.services.live.events import EventPage, Wanted
from runtime.services.live.stream import Ended, Item, LiveEvent, LiveStream
from runtime.store.live_events import StoredEvent

MEDIA_TYPE: Final = "text/event-stream"
SEND_S: Final = 15.0
_RETRY_MS: Final = 2_000
_HELLO: Final = f"retry: {_RETRY_MS}\n: events follow\n\n".encode()
_ALIVE: Final = b": alive\n\n"

router = APIRouter(
    prefix="/v1/projects/{project_id}/events", tags=["events"], route_class=PlatformRoute,
    responses=PROBLEMS,
)  # fmt: skip

Types = Annotated[
    list[str] | None,
    Query(
        max_length=MOST_WANTED,
        description="Types of events, or all of a group as `plan.*`; several may be separated by "
        "commas. Without it: all that the credential may see.",
    ),
]
After = Annotated[
    str | None,
    Query(
        max_length=MAX_LETTERS,
        description="The id of the last event that was read, or the cursor of a page.",
    ),
]
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID", max_length=MAX_LETTERS, description="As `after`; goes before it."
    ),
]
Limit = Annotated[int, Query(ge=1, le=MOST_ITEMS, description="Of a page: how many at most")]


class EventStreamResponse(StreamingResponse):
    """Send events as they come, and end when the reader goes or stands still."""

    media_type = MEDIA_TYPE

    def __init__(self, stream: LiveStream, *, send_s: float = SEND_S) -> None:
        """Take over a stream, which is closed in the end.

        Args:
            stream: what is sent.
            send_s: within which the reader has to take each part.
        """
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_parts(stream), headers=headers)
        self._stream = stream
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
            self._stream.close()


@router.get(
    "",
    status_code=200,
    response_class=EventStreamResponse,
    responses={200: {"content": {JSON_MEDIA_TYPE: {"schema": {"type": "object"}}}}},
)
async def follow_events(
    project_id: str,
    request: Request,
    context: Reading,
    services: ServicesOf,
    *,
    types: Types = None,
    after: After = None,
    limit: Limit = USUAL_ITEMS,
    last_event_id: LastEventId = None,
) -> Response:
    """Return the events of a project as they happen, as `text/event-stream`.

    The stream begins now, or behind the event that `Last-Event-ID` or `after` names. Its signs of
    life are comments; an event called `error` says why it ends. Who accepts `application/json`
    alone gets a page of what happened, the oldest first.
    """
    wanted = Wanted(types=_types(types or []), after=last_event_id or after or None)
    caller = context.caller
    if _asks_for_page(request.headers.get("accept", "")):
        page = await services.live_events.page(caller, project_id, wanted=wanted, limit=limit)
        return _page(page)
    text, authentication = brought_by(request).text, services.authentication

    async def again() -> Caller:
        return await authentication.caller_of(text)

    stream = await services.live_events.open(caller, project_id, wanted=wanted, again=again)
    return EventStreamResponse(stream)


def _asks_for_page(accept: str) -> bool:
    return JSON_MEDIA_TYPE in accept and MEDIA_TYPE not in accept


def _types(given: list[str]) -> tuple[str, ...]:
    """Read which types are asked for.

    Raises:
        ProblemError: REQUEST_INVALID for one that nobody knows.
    """
    types = [part.strip() for text in given for part in text.split(",") if part.strip()]
    unknown = [item[:80] for item in types if not known_pattern(item)]
    if unknown or len(types) > MOST_WANTED:
        raise ProblemError(
            ProblemCode.REQUEST_INVALID,
            f"{len(types)} types are asked for, of which {len(unknown)} are unknown "
            f"({', '.join(unknown[:3])}); at most {MOST_WANTED} of GET /v1/event-types may be",
        )
    return tuple(dict.fromkeys(types))


async def _parts(stream: LiveStream) -> AsyncIterator[bytes]:
    yield _HELLO
    async for item in stream.items():
        yield _spelled(item)


def _spelled(item: Item) -> bytes:
    """Spell an item as server-sent events are (Source: HTML Living Standard §9.2)."""
    if isinstance(item, LiveEvent):
        body = orjson.dumps(_document(item.event))
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (
            item.cursor.encode(),
            item.event.type.encode(),
            body,
        )
    if isinstance(item, Ended):
        body = orjson.dumps({"code": item.code, "reason": item.reason})
        return b"event: error\ndata: %b\n\n" % body
    return _ALIVE


def _page(page: EventPage) -> Response:
    document = {
        "items": [{**_document(item.event), "cursor": item.cursor} for item in page.events],
        "cursor": page.cursor,
        "more": page.more,
    }
    return Response(orjson.dumps(document), media_type=JSON_MEDIA_TYPE)


def _document(event: StoredEvent) -> dict[str, object]:
    known = EVENT_TYPES.get(event.type)
    return {
        "id": event.place.id,
        "type": event.type,
        "version": 1 if known is None else known.version,
        "timestamp": spelled_instant(event.created_at),
        "project": event.project_id,
        "data": orjson.Fragment(event.document),
    }
