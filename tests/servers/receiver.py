"""Receive requests for real, keep them, and answer as a test says: the other side of an egress."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Hold one request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    server_name: str | None = None


@dataclass(slots=True)
class Receiver:
    """Answer, and remember what was asked."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: set[str] = field(default_factory=set)
    answers: Callable[[Received], web.StreamResponse | Awaitable[web.StreamResponse]] = lambda _: (
        web.Response(text="thanks")
    )
    hold: asyncio.Event | None = None
    waiting: int = 0
    most_waiting: int = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Take a request."""
        received = Received(
            method=request.method,
            path=request.path_qs,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
        )
        self.received.append(received)
        if request.transport is not None:
            self.connections.add(str(request.transport.get_extra_info("peername")))
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        try:
            if self.hold is not None:
                await self.hold.wait()
        finally:
            self.waiting -= 1
        answer = self.answers(received)
        return answer if isinstance(answer, web.StreamResponse) else await answer


@asynccontextmanager
async def a_receiver(
    *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """Run a receiver on a port of this machine; 0: a free one."""
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.handle), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=tls)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        if receiver.hold is not None:
            receiver.hold.set()
        await runner.cleanup()


@dataclass(slots=True)
class RawServer:
    """Write given bytes to whoever connects, whatever they say."""

    port: int = 0
    accepted: int = 0
    heard: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def a_raw_server(
    *parts: bytes, endless: bytes = b"", every_s: float = 0.0, host: str = "127.0.0.1"
) -> AsyncIterator[RawServer]:
    """Run a server that answers with bytes, then with more of them for as long as it is heard."""
    server = RawServer()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server.heard.append(await reader.read(65_536))
            for part in parts:
                writer.write(part)
                await writer.drain()
            while endless:
                writer.write(endless)
                await writer.drain()
                await asyncio.sleep(every_s)
        except OSError:
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.accepted += 1
        tasks.add(asyncio.ensure_future(serve(reader, writer)))

    listening = await asyncio.start_server(accept, host=host, port=0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await listening.wait_closed()
