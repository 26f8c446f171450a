"""Be the only way out of a browser: a proxy on this machine that applies the gate to each request.

What a page loads, where it is redirected and what its names mean a moment later is judged here,
connection by connection. Strangers are tunnelled to by CONNECT; plain HTTP reaches what the
operator allows. The password keeps other processes of this machine out.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.target import Target, read_target
from runtime.ports.effect_failure import PermanentError, RetryableError

USER: Final = "plangate"

_HEAD_BYTES: Final = 32_768
_CHUNK_BYTES: Final = 65_536
_TRIED_ADDRESSES: Final = 3
_REQUEST: Final = re.compile(rb"([A-Z]{1,16}) (\S+) HTTP/1\.[01]")
_HOP_HEADERS: Final = (b"connection:", b"keep-alive:", b"proxy-", b"te:", b"upgrade:")
_ANSWERS: Final = {
    200: b"HTTP/1.1 200 Connected\r\n\r\n",
    400: b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    403: b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    407: (
        b'HTTP/1.1 407 Authenticate\r\nProxy-Authenticate: Basic realm="plangate"\r\n'
        b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    ),
    502: b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TunnelBounds:
    """Bound what a browser may take.

    Attributes:
        connections: at once.
        connect_s: to reach the other side.
        lasts_s: a connection.
        received_bytes: of one connection.
    """

    connections: int = 64
    connect_s: float = 10.0
    lasts_s: float = 120.0
    received_bytes: int = 33_554_432


class BrowserGate:
    """Listen on this machine, for browsers that we start."""

    def __init__(self, gate: Gate, *, bounds: TunnelBounds | None = None) -> None:
        """Take a gate, which somebody else closes."""
        self._gate = gate
        self._bounds = bounds or TunnelBounds()
        self._password = secrets.token_urlsafe(32)
        self._expected = b"basic " + b64encode(f"{USER}:{self._password}".encode())
        self._places = asyncio.Semaphore(self._bounds.connections)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def password(self) -> str:
        """Return what a browser proves with that it is ours; the user is `USER`."""
        return self._password

    async def start(self) -> str:
        """Listen, and return the address to give to a browser."""
        self._server = await asyncio.start_server(
            self._accept, host="127.0.0.1", port=0, limit=_HEAD_BYTES
        )
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """End all connections and listen no more."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open)
        if self._server is not None:
            await self._server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._served(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of a browser, which is one connection to one other side."""
        try:
            async with asyncio.timeout(self._bounds.lasts_s), self._places:
                await self._passed_on(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the browser sees a connection that broke off
        finally:
            await _closed(writer)

    async def _passed_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = _Request.read(await reader.readuntil(b"\r\n\r\n"))
        if request is None:
            writer.write(_ANSWERS[400])
            return
        if not hmac.compare_digest(request.credential, self._expected):
            writer.write(_ANSWERS[407])
            return
        try:
            target = read_target(request.url)
            there = await self._connected(target)
        except PermanentError:
            writer.write(_ANSWERS[403])
            return
        except (RetryableError, TimeoutError):
            writer.write(_ANSWERS[502])
            return
        try:
            if request.tunnel:
                writer.write(_ANSWERS[200])
            else:
                there[1].write(request.head_for(target))
            await self._relayed(reader, writer, there=there)
        finally:
            await _closed(there[1])

    async def _connected(self, target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a judged address.

        Raises:
            PermanentError: it may not be reached.
            RetryableError: it can't be.
            TimeoutError: it took too long.
        """
        async with asyncio.timeout(self._bounds.connect_s):
            for address in (await self._gate.addresses(target))[:_TRIED_ADDRESSES]:
                with suppress(OSError):
                    return await asyncio.open_connection(str(address), target.port)
        raise RetryableError("the host can't be connected to")

    async def _relayed(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Hand bytes on in both directions until one side ends."""
        most_bytes = self._bounds.received_bytes
        out = asyncio.ensure_future(_copied(reader, there[1], most_bytes))
        back = asyncio.ensure_future(_copied(there[0], writer, most_bytes))
        try:
            await asyncio.wait((out, back), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (out, back):
                task.cancel()
            await asyncio.wait((out, back))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    method: bytes
    url: str
    tunnel: bool
    headers: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def read(cls, head: bytes) -> _Request | None:
        """Return what a browser asks for; None for what is no request to a proxy."""
        first, *headers = head[:-4].split(b"\r\n")
        found = _REQUEST.fullmatch(first)
        if found is None or not head.isascii():
            return None
        tunnel = found[1] == b"CONNECT"
        place = found[2].decode()
        return cls(
            method=found[1],
            url=f"https://{place}/" if tunnel else place,
            tunnel=tunnel,
            headers=tuple(headers),
        )

    @property
    def credential(self) -> bytes:
        """Return what the browser proves itself with, its scheme in lower case."""
        name = b"proxy-authorization:"
        for header in self.headers:
            if header.lower().startswith(name):
                scheme, _, rest = header[len(name) :].strip().partition(b" ")
                return scheme.lower() + b" " + rest
        return b""

    def head_for(self, target: Target) -> bytes:
        """Return the head as the other side takes it: for one request, without what is ours."""
        ours = (*_HOP_HEADERS, b"host:")
        kept = [header for header in self.headers if not header.lower().startswith(ours)]
        first = b"%s %s HTTP/1.1" % (self.method, target.path.encode())
        host = b"Host: " + target.authority.encode()
        return b"\r\n".join([first, host, *kept, b"Connection: close", b"", b""])


async def _copied(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, most_bytes: int
) -> None:
    passed = 0
    with suppress(OSError):
        while passed < most_bytes and (chunk := await source.read(_CHUNK_BYTES)):
            passed += len(chunk)
            sink.write(chunk)
            await sink.drain()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
