"""Follow a stream of an app in this loop, piece by piece, as a browser's EventSource would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import FastAPI
from starlette.types import Message

from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Hold one event of a stream."""

    id: str
    event: str
    data: JsonObject


@dataclass(slots=True, kw_only=True)
class Followed:
    """Hold a stream that is open."""

    status: int = 0
    ended: bool = False
    _parts: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _held: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: Message) -> None:
        """Take a message of the app."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._begun.set()
            return
        if self._held.is_set():
            await asyncio.Future[None]()  # a reader who stands still
        if message.get("body"):
            self._parts.put_nowait(message["body"])
        if not message.get("more_body"):
            self.ended = True
            self._parts.put_nowait(b"")

    def stand_still(self) -> None:
        """Read nothing any more."""
        self._held.set()

    async def begun(self) -> None:
        """Wait for the answer's head."""
        async with asyncio.timeout(PATIENCE_S):
            await self._begun.wait()

    async def part(self) -> bytes:
        """Return the next part; empty at the end."""
        async with asyncio.timeout(PATIENCE_S):
            return await self._parts.get()

    async def event(self) -> Told:
        """Return the next event, whatever signs of life come before it."""
        while True:
            part = await self.part()
            assert part, "the stream has ended"
            if b"\ndata: " in part:
                return _told(part.decode())

    async def events(self, count: int) -> list[Told]:
        """Return the next events."""
        return [await self.event() for _ in range(count)]


@asynccontextmanager
async def followed(
    app: FastAPI, path: str, *, token: str, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Followed]:
    """Open a stream, and go away in the end."""
    path, _, query = path.partition("?")
    sent = {"host": "127.0.0.1:4711", "authorization": f"Bearer {token}", **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 4711),
        "server": ("127.0.0.1", 4711),
    }
    gone = asyncio.Event()
    asked = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        if asked:
            return asked.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    stream = Followed()
    task = asyncio.create_task(app(scope, receive, stream.send))
    try:
        await stream.begun()
        yield stream
    finally:
        gone.set()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait({task})


def _told(text: str) -> Told:
    fields = dict(line.split(": ", 1) for line in text.strip().splitlines())
    data: JsonObject = parse(fields["data"])
    return Told(id=fields.get("id", ""), event=fields["event"], data=data)
