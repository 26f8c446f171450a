"""No client fills the memory with a request that never comes to its body."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
import uvicorn

from runtime.entrypoints.cli.bounded_head import MOST_HEAD_BYTES, BoundedHead
from runtime.entrypoints.cli.listening import listen

BEGIN: Final = b"POST /x HTTP/1.1\r\nHost: x\r\n"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(_scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401  # of ASGI
    """Answer with the length of the body."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connected() -> AsyncIterator[Streams]:
    """Connect to a server that speaks by this protocol."""
    config = uvicorn.Config(
        echo, http=BoundedHead, ws="none", lifespan="off", log_level="critical", access_log=False
    )
    server = uvicorn.Server(config)
    with listen(0) as listening:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(server.serve([listening.socket]))
            port = int(listening.url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                yield reader, writer
            finally:
                writer.close()
                server.should_exit = True


async def answered(streams: Streams) -> tuple[int, bytes]:
    """Return the status and the body of an answer."""
    reader, _ = streams
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return int(head.split()[1]), await reader.readexactly(length)


async def sent(streams: Streams, *parts: bytes) -> None:
    """Send parts so that they arrive one after the other."""
    _, writer = streams
    for part in parts:
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0)


async def test_usual_requests_pass() -> None:
    """One after the other on one connection, with bodies that are longer than any head."""
    body = b"b" * (3 * MOST_HEAD_BYTES)
    async with connected() as streams:
        for _ in range(3):
            await sent(streams, BEGIN, f"Content-Length: {len(body)}\r\n\r\n".encode(), body)
            status, text = await answered(streams)

            assert (status, int(text)) == (200, len(body))


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(b"X-Y: " + b"y" * 1_000 + b"\r\n", id="headers"),
        pytest.param(b"y" * 1_000, id="one header"),
    ],
)
async def test_an_endless_head_is_ended(endless: bytes) -> None:
    """By the end of the connection, soon after it is longer than it may be."""
    async with connected() as streams:
        with pytest.raises(ConnectionError):
            await sent(streams, BEGIN + b"X: ", *[endless] * (100 * MOST_HEAD_BYTES // 1_000))
