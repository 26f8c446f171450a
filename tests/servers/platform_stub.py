"""Serve scripted answers of a platform over loopback: honest ones, slow ones and lies."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import orjson
from aiohttp import web

from runtime.kit.json_value import JsonObject, JsonValue
from runtime.sandbox import Sandbox

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]

DIGESTS: Final[Mapping[str, str]] = dict(Sandbox.named("counter").comparability)


@dataclass(kw_only=True)
class PlatformStub:
    """Answer as told, and remember what was asked.

    Attributes:
        base: the address; empty until it listens.
        listing: the body of the list of environments.
        listed: how the list is answered, in place of that body.
        evaluated: how evaluations are answered.
        asked: bodies of evaluations, in order.
        headers: headers of all requests, in order.
    """

    base: str = ""
    listing: JsonValue = None
    listed: Answering | None = None
    evaluated: Answering | None = None
    asked: list[JsonObject] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.headers.append(dict(request.headers))
        if request.method == "GET":
            listing = a_listing() if self.listing is None else self.listing
            return await self.listed(request) if self.listed else _json(listing)
        self.asked.append(orjson.loads(await request.read()))
        return await self.evaluated(request) if self.evaluated else _json(an_answer())


def a_listing(environment: str = "counter", **changes: str) -> JsonObject:
    """Build a list of one environment, by default as it is here."""
    item = {"id": environment, "title": "Any", "comparability": {**DIGESTS, **changes}}
    return {"items": [item], "next_cursor": None}


def an_answer(**changes: JsonValue) -> JsonObject:
    """Build an answer that sets the counter to three."""
    return {
        "proposal": {
            "kind": "plan",
            "plan": {"steps": [{"action": "counter.set@1", "inputs": {"value": 3}}]},
            "message": "",
        },
        "problems": [],
        "dropped": [],
        "calls": 1,
        "repairs": 0,
        "retries": 0,
        "usage": {"prompt": 5, "completion": 2, "cached": 1},
        "cost_micros": 3,
        "model": "m-1",
        "latency_s": 0.5,
        "answer": "counter_set",
        "comparability": dict(DIGESTS),
        **changes,
    }


def says(document: JsonValue, *, status: int = 200, **headers: str) -> Answering:
    """Answer every request alike."""

    async def answer(_: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return _json(document, status=status, headers=named)

    return answer


def in_turn(*answers: Answering) -> Answering:
    """Answer with each in its turn; the last one stays."""
    left = list(answers)

    async def answer(request: web.Request) -> web.StreamResponse:
        return await (left.pop(0) if len(left) > 1 else left[0])(request)

    return answer


@contextmanager
def platform_stub() -> Iterator[PlatformStub]:
    """Serve from a thread while the block runs, so that a test may have a loop of its own."""
    stub = PlatformStub()
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


async def _listening(stub: PlatformStub) -> web.AppRunner:
    app = web.Application(client_max_size=32_000_000)
    app.router.add_route("*", "/{path:.*}", stub.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stub.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    return runner


def _json(
    document: JsonValue, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    kind = "application/json"
    return web.Response(body=body, status=status, headers=headers, content_type=kind)
