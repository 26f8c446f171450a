"""Speak Splunk's HTTP Event Collector on loopback, indexer acknowledgement included.

Source: Splunk's documentation of the collector's endpoints and of its acknowledgements: numbers by
channel, told to be true once. In a test: `async with splunk_hec() as splunk`.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from tests.servers.sink_faults import MEGABYTE, RETRY_AFTER_S, Fault

TOKEN: Final = "8fd3c1e2-0b5d-4a6e-9f10-5c2b7a9d4e61"  # noqa: S105  # of this server only
MOST_LINE_BYTES: Final = 10_000
"""Splunk's usual `TRUNCATE`."""


@dataclass(slots=True, kw_only=True)
class SplunkHec:
    """Hold what was indexed, and how the server is to fail.

    Attributes:
        url: where it is.
        fault: what is wrong from now on.
        polls: how often an acknowledgement is asked for before it is given.
        indexed: the events as they are stored, cut where Splunk cuts.
        requests: the bodies of requests with events.
        token: the one that it knows.
        retry_after_s: what a 429 says.
        asked_never: numbers that are never acknowledged.
    """

    url: str = ""
    fault: Fault = Fault.NONE
    polls: int = 2
    indexed: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    token: str = TOKEN
    retry_after_s: int = RETRY_AFTER_S
    asked_never: set[int] = field(default_factory=set)
    waiting: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    asked: defaultdict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    numbers: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def events(self, request: web.Request) -> web.Response:
        """Take events."""
        body = await request.read()
        self.requests.append(body)
        if (wrong := await self.wrong(request)) is not None:
            return wrong
        channel = request.headers.get("X-Splunk-Request-Channel", "")
        if not channel:
            return _said(400, 10, "Data channel is missing")
        events = _events(body.decode())
        if not events:
            return _said(400, 5, "No data")
        if self.fault is Fault.UNPROMISED:
            return _said(200, 0, "Success")
        number = self.numbers[channel]
        self.numbers[channel] += 1
        most = MEGABYTE if self.fault is Fault.TRUNCATES else MOST_LINE_BYTES
        lines = [json.dumps(event["event"], separators=(",", ":")) for event in events]
        if self.fault is not Fault.DROPS:
            self.waiting[channel, number] = [line[:most] for line in lines]
        return web.json_response({"text": "Success", "code": 0, "ackId": number})

    async def acks(self, request: web.Request) -> web.Response:
        """Tell which requests are indexed."""
        if (wrong := await self.wrong(request)) is not None:
            return wrong
        channel = request.query.get("channel", "")
        wanted = (await request.json())["acks"]
        return web.json_response({"acks": {str(one): self.told(channel, one) for one in wanted}})

    def told(self, channel: str, number: int) -> bool:
        """Return whether a request is indexed; true once."""
        key = (channel, number)
        if key not in self.waiting or self.fault is Fault.SILENT or number in self.asked_never:
            return False
        self.asked[key] += 1
        if self.asked[key] < self.polls:
            return False
        self.indexed += self.waiting.pop(key)
        return True

    async def wrong(self, request: web.Request) -> web.Response | None:
        """Return what a fault answers."""
        match self.fault:
            case Fault.SLOW:
                await self.over.wait()
            case Fault.THROTTLED:
                answer = _said(429, 9, "Server is busy")
                answer.headers["Retry-After"] = str(self.retry_after_s)
                return answer
            case Fault.BROKEN:
                return _said(500, 8, "Internal server error")
            case Fault.FORBIDDEN:
                return _said(403, 4, "Invalid token")
            case Fault.GARBAGE:
                return web.Response(body=b"\x00<html>%s</html>" % TOKEN.encode())
            case _:
                pass
        if request.headers.get("Authorization") != f"Splunk {self.token}":
            return _said(403, 4, "Invalid token")
        return None


@asynccontextmanager
async def splunk_hec() -> AsyncIterator[SplunkHec]:
    """Run a collector on a free port of this machine."""
    splunk = SplunkHec()
    app = web.Application(client_max_size=10 * MEGABYTE)
    app.router.add_post("/services/collector/event", splunk.events)
    app.router.add_post("/services/collector/ack", splunk.acks)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    splunk.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield splunk
    finally:
        splunk.over.set()
        await runner.cleanup()


def _events(text: str) -> list[dict[str, Any]]:
    """Read events one after another, as the collector does."""
    decoder, at = json.JSONDecoder(), 0
    found: list[dict[str, Any]] = []
    while at < len(text):
        event, at = decoder.raw_decode(text, at)
        found.append(event)
        while at < len(text) and text[at].isspace():
            at += 1
    return found


def _said(status: int, code: int, text: str) -> web.Response:
    return web.json_response({"text": text, "code": code}, status=status)
