"""Take mail for real: a small server of SMTP that does as a test says."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

HANG_UP: Final = "hang up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Hold a message that the server took."""

    sender: str
    to: tuple[str, ...]
    data: bytes
    user: str
    encrypted: bool


@dataclass(slots=True)
class SmtpServer:
    """Say what the server answers.

    Attributes:
        replies: by the start of a command, such as `RCPT TO:<ann@`, instead of the usual one;
            `HANG_UP` ends the talk.
        tls: for STARTTLS; None: it is not offered.
        login: user and password that are let in; None: there is no login.
        silent: whether it never says a word.
    """

    port: int = 0
    replies: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    silent: bool = False
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Talk:
    """Lead one conversation."""

    server: SmtpServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    encrypted: bool
    user: str = ""
    sender: str = ""
    to: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Talk until the other side leaves."""
        if self.server.silent:
            await self.reader.read()
            return
        await self.say("220 tests ESMTP")
        while line := await self.reader.readline():
            command = line.decode().rstrip("\r\n")
            self.server.commands.append(command)
            given = self.given(command)
            if given == HANG_UP:
                return
            if given is not None:
                await self.say(given)
            elif not await self.answer(command):
                return

    def given(self, command: str) -> str | None:
        """Return what the test wants to be said to a command."""
        for start, reply in self.server.replies.items():
            if command.upper().startswith(start.upper()):
                return reply
        return None

    async def answer(self, command: str) -> bool:
        """Answer one command; return whether the talk goes on."""
        word = command.partition(" ")[0].upper()
        match word:
            case "EHLO" | "HELO":
                await self.greet()
            case "STARTTLS":
                await self.say("220 go on")
                await self.writer.start_tls(self.server.tls or ssl.create_default_context())
                self.encrypted = True
            case "AUTH":
                await self.log_in(command)
            case "MAIL":
                self.sender, self.to = _address(command), []
                await self.say("250 ok")
            case "RCPT":
                self.to.append(_address(command))
                await self.say("250 ok")
            case "DATA":
                await self.take()
            case "QUIT":
                await self.say("221 bye")
                return False
            case _:
                await self.say("250 ok")
        return True

    async def greet(self) -> None:
        """Say what is offered."""
        offers = ["tests"]
        if self.server.tls is not None and not self.encrypted:
            offers.append("STARTTLS")
        if self.server.login is not None:
            offers.append("AUTH PLAIN")
        lines = [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]
        await self.say("\r\n".join(lines))

    async def log_in(self, command: str) -> None:
        """Believe the one user that there is."""
        _, user, password = b64decode(command.split(" ")[2]).decode().split("\0")
        known = (user, password) == self.server.login
        self.user = user if known else ""
        await self.say("235 welcome" if known else "535 5.7.8 who are you, hunter2?")

    async def take(self) -> None:
        """Take a message."""
        await self.say("354 go on")
        data = await self.reader.readuntil(b"\r\n.\r\n")
        reply = self.server.replies.get("(data)")
        if reply is None:
            self.server.taken.append(
                Taken(
                    sender=self.sender,
                    to=tuple(self.to),
                    data=data.removesuffix(b".\r\n"),
                    user=self.user,
                    encrypted=self.encrypted,
                )
            )
        await self.say(reply or "250 taken")

    async def say(self, text: str) -> None:
        """Write a reply."""
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()


@asynccontextmanager
async def an_smtp_server(
    server: SmtpServer, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[SmtpServer]:
    """Run a server on a free port of this machine; with `tls`, TLS from the first byte."""
    tasks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                await _Talk(server, reader, writer, encrypted=tls is not None).run()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(talk(reader, writer)))

    listening = await asyncio.start_server(accept, host="127.0.0.1", port=0, ssl=tls)
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


def _address(command: str) -> str:
    return command.partition("<")[2].partition(">")[0]
