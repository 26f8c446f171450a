"""Ask one Redis over a connection that all tasks share and that comes back after an outage."""

from __future__ import annotations

import asyncio

from redis.exceptions import NoScriptError, ResponseError

from runtime.adapters.redis_leases.line import Dialer
from runtime.adapters.redis_leases.scripts import Script
from runtime.adapters.redis_leases.session import Part, Session
from runtime.domain.errors import LeaseUnavailableError


class Wire:
    """Run scripts and commands on one server; a request is sent once, an outage is told."""

    def __init__(self, dialer: Dialer) -> None:
        """Take who opens connections; the first opens on first use."""
        self._dialer = dialer
        self._session: Session | None = None
        self._opening: asyncio.Task[Session] | None = None
        self._closed = False

    async def run(self, script: Script, keys: tuple[str, ...], *arguments: Part) -> object:
        """Run a script by its digest, or by its text where the server does not know it yet.

        Raises:
            LeaseUnavailableError: There was no answer, or it was an error.
        """
        session = await self._open_session()
        try:
            return await session.ask("EVALSHA", script.digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return await self.command("EVAL", script.text, len(keys), *keys, *arguments)
        except ResponseError as refusal:
            raise self._dialer.failed(refusal) from refusal

    async def command(self, *parts: Part) -> object:
        """Run a command.

        Raises:
            LeaseUnavailableError: There was no answer, or it was an error.
        """
        session = await self._open_session()
        try:
            return await session.ask(*parts)
        except ResponseError as refusal:
            raise self._dialer.failed(refusal) from refusal

    async def close(self) -> None:
        """Close the connection; what is on its way fails, and so does what comes."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait((self._opening,))
        if self._session is not None:
            self._session.end(_closed())
            await self._session.closed()

    async def _open_session(self) -> Session:
        """Return the open session; tasks that ask while it opens share the attempt."""
        if self._closed:
            raise _closed()
        if self._session is not None and not self._session.failed:
            return self._session
        if self._opening is None:
            self._opening = asyncio.create_task(self._dial())
            self._opening.add_done_callback(self._dialled)
        attempt = self._opening
        await asyncio.wait((attempt,))
        if attempt.cancelled():
            raise _closed()
        try:
            return attempt.result()
        except LeaseUnavailableError as error:
            raise LeaseUnavailableError(reason=error.reason) from error

    async def _dial(self) -> Session:
        return Session(await self._dialer.open(), self._dialer)

    def _dialled(self, attempt: asyncio.Task[Session]) -> None:
        self._opening = None
        if not attempt.cancelled() and attempt.exception() is None:
            self._session = attempt.result()


def _closed() -> LeaseUnavailableError:
    return LeaseUnavailableError(reason="the lease client was closed")
