"""Stand between a client and Postgres, and cut a connection at the moment that a test chose.

A statement is recognised by what it carries; the cut comes before it reaches the server, while the
server works on it, or once the server has answered and the client does not know yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

_READY: Final = b"Z\x00\x00\x00\x05"  # the server has ended what it was asked
_CHUNK: Final = 1 << 18


class Moment(StrEnum):
    """Say when a connection is cut."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


@dataclass(kw_only=True)
class CuttingProxy:
    """Pass bytes on, until a cut is due.

    Attributes:
        port: where clients connect.
        cuts: how many connections were cut.
        closed: nobody is let through any more.
    """

    port: int
    target_port: int
    cuts: int = 0
    closed: bool = False
    _due: list[tuple[Moment, bytes]] = field(default_factory=list)
    _cut: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def url(self, url: str) -> str:
        """Return an address of the server with our port instead of its own."""
        return url.replace(f":{self.target_port}/", f":{self.port}/")

    def cut(self, moment: Moment, carrying: bytes, *, times: int = 1) -> None:
        """Cut the connections of the next statements that carry these bytes."""
        self._cut.clear()
        self._due += [(moment, carrying)] * times

    async def was_cut(self) -> None:
        """Return once a cut that was due has been made."""
        await self._cut.wait()

    def shut(self) -> None:
        """Cut every connection and let nobody through."""
        self.closed = True
        for writer in tuple(self._open):
            writer.close()

    def reopen(self) -> None:
        """Let clients through again."""
        self.closed = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one client's bytes on, and the server's back."""
        self._open.add(writer)
        with suppress(OSError):
            if not self.closed:
                await self._pass(reader, writer)
        self._open.discard(writer)
        writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_connection("127.0.0.1", self.target_port)
        back = asyncio.create_task(_copied(answers, writer))
        try:
            while chunk := await reader.read(_CHUNK):
                moment = self._moment(chunk)
                if moment is Moment.AFTER:
                    back.cancel()
                    await asyncio.wait([back])
                if moment is not Moment.BEFORE:
                    server.write(chunk)
                    await server.drain()
                if moment is Moment.AFTER:
                    rest = asyncio.create_task(_copied(reader, server))  # of a long statement
                    await answers.readuntil(_READY)
                    rest.cancel()
                if moment is not None:
                    self._note()
                    return
        finally:
            back.cancel()
            server.close()

    def _moment(self, chunk: bytes) -> Moment | None:
        for due in self._due:
            if due[1] in chunk:
                self._due.remove(due)
                return due[0]
        return None

    def _note(self) -> None:
        self.cuts += 1
        self._cut.set()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def cutting_proxy(target_port: int) -> AsyncIterator[CuttingProxy]:
    """Run a proxy in front of a server on loopback."""
    proxy = CuttingProxy(port=0, target_port=target_port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        proxy.shut()
        server.close()
