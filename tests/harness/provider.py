"""Serve scripted completions to child processes, from a thread, with a hold for interrupts."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, cast

import orjson
from aiohttp import web
from typing_extensions import override

from runtime.public import JsonObject
from tests.servers.openai_stub import BEHAVIOURS, Call, OpenAiStub

HELD: Final = "held"
LIMITED: Final = "limited-quick"
BROKEN_TEXT: Final = "broken-text"


@dataclass(kw_only=True)
class Provider(OpenAiStub):
    """Answer as the stub does; hold what comes after `hold_after` requests to the model `held`.

    Attributes:
        hold_after: how many requests are answered before one is held; None answers all.
        holding: set when a request is held.
    """

    hold_after: int | None = None
    holding: threading.Event = field(default_factory=threading.Event)

    @override
    async def handle(self, request: web.Request) -> web.StreamResponse:
        asked: JsonObject = orjson.loads(await request.read())
        model = str(asked["model"])
        if not model.startswith((HELD, LIMITED, BROKEN_TEXT)):
            return await super().handle(request)
        self.served[model] += 1
        self.requests.append(asked)
        if model.startswith(LIMITED) and self.served[model] == 1:
            return web.json_response({"error": {}}, status=429, headers={"Retry-After": "0"})
        if self.hold_after is not None and self.served[model] > self.hold_after:
            self.holding.set()
            await asyncio.Event().wait()
        if model.startswith(BROKEN_TEXT):
            body = Call(request, asked, self).answer(content="half a character HALF").body
            return web.Response(
                body=cast("bytes", body).replace(b"HALF", b"\\ud83d"),
                content_type="application/json",
            )
        return await BEHAVIOURS["echo"](Call(request, asked, self))

    @property
    def asked(self) -> list[str]:
        """Return what persons said, in order."""
        return [cast("str", it["messages"][-1]["content"]) for it in self.requests]


@contextmanager
def provider() -> Iterator[Provider]:
    """Serve on loopback while the block runs."""
    stub = Provider()
    loop = asyncio.new_event_loop()
    runner = loop.run_until_complete(_listening(stub))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield stub
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listening(stub: Provider) -> web.AppRunner:
    app = web.Application(client_max_size=32_000_000)
    app.router.add_post("/v1/chat/completions", stub.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stub.base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    return runner
