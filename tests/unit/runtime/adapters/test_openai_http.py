"""The lean transport keeps connections, survives stale ones and refuses to be flooded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from runtime.adapters.openai_http import OpenAiHttpModel
from runtime.kit.clock import SystemClock
from runtime.ports.chat_model import ChatRequest, ModelError, ModelFault
from runtime.ports.model_reference import parse_model_reference
from tests.servers.openai_stub import openai_stub

REQUEST = ChatRequest(messages=({"role": "user", "content": "hi"},), temperature=None)


@asynccontextmanager
async def a_model(name: str, base: str, options: str = "") -> AsyncIterator[OpenAiHttpModel]:
    """Open a model of the stub."""
    reference = parse_model_reference(f"openai/{name}?transport=http&api_base={base}{options}")
    model = OpenAiHttpModel(reference, api_key=None, clock=SystemClock())
    try:
        yield model
    finally:
        await model.close()


async def test_stale_connection_is_no_error() -> None:
    """A kept connection that the server drops unanswered costs one more request, once."""
    async with openai_stub() as stub, a_model("go-stale", stub.base) as model:
        texts = [(await model.complete(REQUEST)).text for _ in range(3)]

    assert texts == ["You said: hi"] * 3
    assert stub.served["go-stale"] == 5  # the second and the third went out twice


async def test_fresh_connection_is_not_tried_twice() -> None:
    """A server that drops a new connection may have done the work: that is the caller's call."""
    async with openai_stub() as stub, a_model("drop", stub.base) as model:
        with pytest.raises(ModelError) as caught:
            await model.complete(REQUEST)

    assert (caught.value.fault, stub.served["drop"]) == (ModelFault.CONNECTION, 1)


async def test_half_an_answer_is_not_asked_for_twice() -> None:
    """Something was received, so the request was served."""
    async with openai_stub() as stub, a_model("drop-mid-body", stub.base) as model:
        with pytest.raises(ModelError):
            await model.complete(REQUEST)

    assert stub.served["drop-mid-body"] == 1


async def test_one_connection_serves_many_requests() -> None:
    """Requests in a row share a connection."""
    async with openai_stub() as stub, a_model("text", stub.base) as model:
        for _ in range(5):
            await model.complete(REQUEST)

    assert list(stub.seen_on.values()) == [5]


@pytest.mark.parametrize("name", ["huge-body", "huge-stream"])
async def test_flood_is_refused(name: str) -> None:
    """A body above 8 MB is refused, announced or not, and the model stays usable."""
    async with openai_stub() as stub, a_model(name, stub.base) as model:
        with pytest.raises(ModelError, match="expected at most 8000000") as caught:
            await model.complete(REQUEST)

    assert caught.value.fault is ModelFault.MALFORMED


async def test_absent_settings_are_not_sent() -> None:
    """No temperature, seed or tools means that the server's own defaults apply."""
    async with openai_stub() as stub, a_model("text", stub.base) as model:
        await model.complete(REQUEST)

    assert sorted(stub.requests[0]) == ["max_tokens", "messages", "model"]
    assert "Authorization" not in stub.headers[0]


async def test_connection_limit_is_kept() -> None:
    """No more requests are in flight than the reference allows."""
    async with (
        openai_stub(latency_s=0.01) as stub,
        a_model("text", stub.base, "&connections=3") as model,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(12):
            group.create_task(model.complete(REQUEST))

    assert stub.most_in_flight == 3


async def serve_then_break(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the first request of a connection, begin to answer the second, and hang up."""
    await reader.readuntil(b"}]")
    body = b'{"choices":[{"message":{"content":"first"}}]}'
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    await reader.readuntil(b"}]")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{")
    writer.close()


async def test_half_an_answer_on_a_kept_connection_is_not_asked_for_twice() -> None:
    """Once something was received, even a kept connection gives no second try."""
    server = await asyncio.start_server(serve_then_break, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, a_model("x", f"http://127.0.0.1:{port}/v1") as model:
        first = await model.complete(REQUEST)
        with pytest.raises(ModelError) as caught:
            await model.complete(REQUEST)

    assert first.text == "first"
    assert caught.value.fault is ModelFault.CONNECTION
