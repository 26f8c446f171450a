"""Serve scripted chat completions in OpenAI's form, over loopback, for tests and measurements.

The model's name says what the server does: `openai/echo` repeats the tool calls that the last
message lists, `openai/hang` never answers. In a test: `async with openai_stub() as stub`. Alone:
`python -m tests.servers.openai_stub --port 0 --latency-ms 50` prints its address.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import orjson
from aiohttp import web

from runtime.kit.json_value import JsonObject, JsonValue

KEEP_ALIVE_S: Final = 120.0
MAX_REQUEST_BYTES: Final = 32_000_000


@dataclass(kw_only=True)
class OpenAiStub:
    """Remember what was asked, so that tests can look.

    Attributes:
        base: the address to give as `api_base`; empty until the server listens.
        latency_s: how long each answer takes at least.
        requests: the bodies, in order of arrival.
        headers: the headers, likewise.
        served: requests by model.
        seen_on: requests by connection.
        arrived: set once a request is here.
        most_in_flight: the largest number of requests that were open at once.
    """

    base: str = ""
    latency_s: float = 0.0
    requests: list[JsonObject] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    served: Counter[str] = field(default_factory=Counter)
    seen_on: Counter[int] = field(default_factory=Counter)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    in_flight: int = 0
    most_in_flight: int = 0
    keep: bool = True

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request as its model says."""
        asked: JsonObject = orjson.loads(await request.read())
        model = str(asked["model"])
        self.served[model] += 1
        self.seen_on[id(request.transport)] += 1
        if self.keep:
            self.requests.append(asked)
            self.headers.append(dict(request.headers))
        self.arrived.set()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.latency_s:
                await asyncio.sleep(self.latency_s)
            return await BEHAVIOURS.get(model, _text)(Call(request, asked, self))
        finally:
            self.in_flight -= 1


@dataclass(frozen=True, slots=True)
class Call:
    """Hold one request while a behaviour answers it."""

    request: web.Request
    asked: JsonObject
    stub: OpenAiStub

    @property
    def last_message(self) -> str:
        """Return the text of the last message."""
        content = self.asked["messages"][-1]["content"]
        return content if isinstance(content, str) else orjson.dumps(content).decode()

    @property
    def times_served(self) -> int:
        """Return how often this model was asked, this time included."""
        return self.stub.served[str(self.asked["model"])]

    def answer(self, *, finish_reason: str = "stop", **message: JsonValue) -> web.Response:
        """Return a chat completion with one message."""
        return _json(self.document(finish_reason=finish_reason, **message))

    def document(self, *, finish_reason: str = "stop", **message: JsonValue) -> JsonObject:
        """Return the document of a chat completion with one message."""
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": None, **message},
            "finish_reason": finish_reason,
        }
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": f"{self.asked['model']}-2026",
            "choices": [choice],
            "usage": {
                "prompt_tokens": 100,
                "completion_tokens": 20,
                "total_tokens": 120,
                "prompt_tokens_details": {"cached_tokens": 64},
            },
        }

    def calls(self, *calls: tuple[str, str]) -> web.Response:
        """Return an answer that calls tools, by name and arguments."""
        written = [
            {"id": f"call_{i}", "type": "function", "function": {"name": name, "arguments": text}}
            for i, (name, text) in enumerate(calls)
        ]
        return self.answer(finish_reason="tool_calls", tool_calls=written)


Behaviour = Callable[[Call], Awaitable[web.StreamResponse]]


def _json(
    document: JsonValue, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    body = orjson.dumps(document)
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def _error(status: int, message: str, *, headers: Mapping[str, str] | None = None) -> web.Response:
    error = {"message": message, "type": "stub", "param": None, "code": None}
    return _json({"error": error}, status=status, headers=headers)


async def _text(call: Call) -> web.StreamResponse:
    return call.answer(content=f"You said: {call.last_message}")


async def _echo(call: Call) -> web.StreamResponse:
    wanted = orjson.loads(call.last_message)
    return call.calls(*((c["name"], orjson.dumps(c["arguments"]).decode()) for c in wanted))


async def _json_text(call: Call) -> web.StreamResponse:
    return call.answer(content='{"action": "counter.set@1", "inputs": {"value": 3}}')


async def _broken_arguments(call: Call) -> web.StreamResponse:
    return call.calls(("counter_set", '{"value": 3'))


async def _unknown_tool(call: Call) -> web.StreamResponse:
    return call.calls(("no_such_tool", "{}"))


async def _thousand_calls(call: Call) -> web.StreamResponse:
    return call.calls(*[("counter_set", '{"value":1}')] * 1_000)


async def _too_many_calls(call: Call) -> web.StreamResponse:
    return call.calls(*[("counter_set", '{"value":1}')] * 1_001)


async def _huge_arguments(call: Call) -> web.StreamResponse:
    return call.calls(("counter_set", '{"value":"' + "x" * 1_000_000 + '"}'))


async def _empty(call: Call) -> web.StreamResponse:
    return call.answer(content="")


async def _refusal(call: Call) -> web.StreamResponse:
    return call.answer(refusal="I can't help with that.")


async def _cut_off(call: Call) -> web.StreamResponse:
    return call.answer(content="The answer is", finish_reason="length")


async def _limited_once(call: Call) -> web.StreamResponse:
    if call.times_served > 1:
        return await _text(call)
    return _error(429, "slow down", headers={"Retry-After": "7"})


async def _limited(call: Call) -> web.StreamResponse:
    return _error(429, "slow down", headers={"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"})


async def _leak_key(call: Call) -> web.StreamResponse:
    return _error(401, f"Incorrect API key: {call.request.headers.get('Authorization')}")


async def _hang(call: Call) -> web.StreamResponse:
    await asyncio.sleep(3_600)
    return await _text(call)


async def _drop(call: Call) -> web.StreamResponse:
    if call.request.transport is not None:
        call.request.transport.abort()
    return web.Response()


async def _go_stale(call: Call) -> web.StreamResponse:
    """Drop every request but the first of a connection, as a server does that gave it up."""
    if call.stub.seen_on[id(call.request.transport)] > 1:
        return await _drop(call)
    return await _text(call)


async def _drop_mid_body(call: Call) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 10_000
    await response.prepare(call.request)
    await response.write(b'{"choices": [')
    return await _drop(call)


async def _slow_body(call: Call) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(call.request)
    body = orjson.dumps(call.document(content="slow"))
    for start in range(0, len(body), 64):
        await response.write(body[start : start + 64])
        await asyncio.sleep(0.002)
    return response


async def _html(call: Call) -> web.StreamResponse:
    return web.Response(text="<html>Bad gateway</html>", content_type="text/html")


async def _broken_json(call: Call) -> web.StreamResponse:
    return web.Response(text='{"choices": [', content_type="application/json")


async def _no_choices(call: Call) -> web.StreamResponse:
    return _json({**call.document(), "choices": []})


async def _huge_body(call: Call) -> web.StreamResponse:
    return call.answer(content="x" * 9_000_000)


async def _huge_stream(call: Call) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(call.request)
    for _ in range(9):
        await response.write(b" " * 1_000_000)
    return response


async def _error_inside(call: Call) -> web.StreamResponse:
    return _json({"error": {"code": 429, "message": "upstream is busy"}})


async def _redirect(call: Call) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": f"{call.stub.base}/elsewhere"})


def _status(status: int) -> Behaviour:
    async def behaviour(_: Call) -> web.StreamResponse:
        return _error(status, f"stub says {status}")

    return behaviour


BEHAVIOURS: Final[Mapping[str, Behaviour]] = MappingProxyType(
    {
        "broken-arguments": _broken_arguments,
        "broken-json": _broken_json,
        "cut-off": _cut_off,
        "drop": _drop,
        "drop-mid-body": _drop_mid_body,
        "echo": _echo,
        "empty": _empty,
        "error-inside": _error_inside,
        "go-stale": _go_stale,
        "hang": _hang,
        "html": _html,
        "huge-arguments": _huge_arguments,
        "huge-body": _huge_body,
        "huge-stream": _huge_stream,
        "json-text": _json_text,
        "leak-key": _leak_key,
        "limited": _limited,
        "limited-once": _limited_once,
        "no-choices": _no_choices,
        "redirect": _redirect,
        "refusal": _refusal,
        "slow-body": _slow_body,
        "text": _text,
        "thousand-calls": _thousand_calls,
        "too-many-calls": _too_many_calls,
        "unknown-tool": _unknown_tool,
        **{f"status-{code}": _status(code) for code in (400, 401, 403, 404, 422, 500, 502, 503)},
    }
)


@asynccontextmanager
async def openai_stub(
    *, port: int = 0, latency_s: float = 0.0, keep: bool = True
) -> AsyncIterator[OpenAiStub]:
    """Run the server on loopback while the block runs; `keep=False` remembers only counts."""
    stub = OpenAiStub(latency_s=latency_s, keep=keep)
    app = web.Application(client_max_size=MAX_REQUEST_BYTES)
    app.router.add_post("/v1/chat/completions", stub.handle)
    runner = web.AppRunner(
        app, keepalive_timeout=KEEP_ALIVE_S, access_log=None, shutdown_timeout=0.01
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    bound = runner.addresses[0][1]
    stub.base = f"http://127.0.0.1:{bound}/v1"
    try:
        yield stub
    finally:
        await runner.cleanup()


async def _serve(*, port: int, latency_s: float) -> None:
    async with openai_stub(port=port, latency_s=latency_s, keep=False) as stub:
        sys.stdout.write(stub.base + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve scripted chat completions.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    options = parser.parse_args()
    asyncio.run(_serve(port=options.port, latency_s=options.latency_ms / 1_000))


if __name__ == "__main__":
    main()
