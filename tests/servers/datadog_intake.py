"""Speak Datadog's intake of logs on loopback: it takes much, and truncates without a word.

Source: Datadog's documentation of `POST /api/v2/logs`. In a test:
`async with datadog_intake() as datadog`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from tests.servers.sink_faults import MEGABYTE, RETRY_AFTER_S, Fault

KEY: Final = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
MOST_LOGS: Final = 1_000


@dataclass(slots=True, kw_only=True)
class DatadogIntake:
    """Hold what was stored, and how the server is to fail.

    Attributes:
        url: where it is.
        fault: what is wrong from now on.
        stored: each log as text, cut at 1 MB.
        sizes: how many logs and bytes each request had.
    """

    url: str = ""
    fault: Fault = Fault.NONE
    stored: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def logs(self, request: web.Request) -> web.Response:
        """Take logs."""
        body = await request.read()
        if (wrong := await self.wrong(request)) is not None:
            return wrong
        given = json.loads(body)
        logs = given if isinstance(given, list) else [given] if given else []
        self.sizes.append((len(logs), len(body)))
        if len(body) > 5 * MEGABYTE:
            return web.json_response({"errors": [{"detail": "too large"}]}, status=413)
        if len(logs) > MOST_LOGS:
            return web.json_response({"errors": [{"detail": "too many"}]}, status=400)
        if self.fault is not Fault.DROPS:
            spelled = (json.dumps(log, separators=(",", ":")) for log in logs)
            self.stored += [text[:MEGABYTE] for text in spelled]
        return web.json_response({}, status=202)

    async def wrong(self, request: web.Request) -> web.Response | None:
        """Return what a fault answers."""
        match self.fault:
            case Fault.SLOW:
                await self.over.wait()
            case Fault.THROTTLED:
                wait = {"Retry-After": str(RETRY_AFTER_S)}
                return web.json_response({"errors": []}, status=429, headers=wait)
            case Fault.BROKEN:
                return web.json_response({"errors": [{"detail": KEY}]}, status=500)
            case Fault.GARBAGE:
                return web.Response(body=b"\x00<html>%s</html>" % KEY.encode())
            case _:
                pass
        known = request.headers.get("DD-API-KEY") == KEY
        if self.fault is Fault.FORBIDDEN or not known:
            return web.json_response({"errors": [{"detail": "Forbidden"}]}, status=403)
        return None


@asynccontextmanager
async def datadog_intake() -> AsyncIterator[DatadogIntake]:
    """Run an intake on a free port of this machine."""
    datadog = DatadogIntake()
    app = web.Application(client_max_size=10 * MEGABYTE)
    app.router.add_post("/api/v2/logs", datadog.logs)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    datadog.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield datadog
    finally:
        datadog.over.set()
        await runner.cleanup()
