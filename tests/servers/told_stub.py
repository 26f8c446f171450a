"""Serve a model that does as the message says: it makes these calls, or answers as badly as named.

A message is JSON: a list of calls, or an object that names a behaviour, of `openai_stub` or here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Final

import orjson
from aiohttp import web
from typing_extensions import override

from runtime.kit.json_value import JsonObject, JsonValue
from tests.servers.openai_stub import (
    BEHAVIOURS,
    MAX_REQUEST_BYTES,
    Behaviour,
    Call,
    OpenAiStub,
)


class ToldStub(OpenAiStub):
    """Remember what was asked, as the server of `openai_stub` does."""

    @override
    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request as its newest message says."""
        asked: JsonObject = orjson.loads(await request.read())
        self.served[str(asked["model"])] += 1
        self.requests.append(asked)
        self.arrived.set()
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        return await _as_told(Call(request, asked, self))


@asynccontextmanager
async def told_stub() -> AsyncIterator[ToldStub]:
    """Run the server on loopback while the block runs."""
    stub = ToldStub()
    app = web.Application(client_max_size=MAX_REQUEST_BYTES)
    app.router.add_post("/v1/chat/completions", stub.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stub.base = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield stub
    finally:
        await runner.cleanup()


async def _as_told(call: Call) -> web.StreamResponse:
    for message in reversed(call.asked["messages"]):
        said = _json_said(message)
        if isinstance(said, list):
            return call.calls(*((c["name"], orjson.dumps(c["arguments"]).decode()) for c in said))
        if isinstance(said, dict):
            return await (WORSE.get(said["behave"]) or BEHAVIOURS[said["behave"]])(call)
    return await BEHAVIOURS["text"](call)


def _json_said(message: JsonObject) -> JsonValue:
    content = message["content"]
    if isinstance(content, list):
        content = content[0]["text"]
    try:
        return orjson.loads(content) if message["role"] == "user" else None
    except orjson.JSONDecodeError:
        return None


async def _lookalike(call: Call) -> web.StreamResponse:
    return call.calls(("c\N{CYRILLIC SMALL LETTER O}unter_increment", '{"by":1}'))


async def _not_utf8(call: Call) -> web.StreamResponse:
    body = orjson.dumps(call.document(content="xxx")).replace(b"xxx", b"\xff\xfe\xfd")
    return web.Response(body=body, content_type="application/json")


async def _endless(call: Call) -> web.StreamResponse:
    """Answer for ever, a little at a time."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(call.request)
    while True:
        await response.write(b" " * 100)
        await asyncio.sleep(0.01)


WORSE: Final[Mapping[str, Behaviour]] = MappingProxyType(
    {"endless": _endless, "lookalike": _lookalike, "not-utf8": _not_utf8}
)
