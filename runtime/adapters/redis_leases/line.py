"""Open one connection to a Redis by redis-py, and say in our words why there is none."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol, cast

from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from runtime.domain.errors import LeaseUnavailableError

_LONGEST_REASON: Final = 200


class Line(Protocol):
    """Send commands and read answers: what we use of redis-py's connection."""

    @property
    def is_connected(self) -> bool:
        """Say whether the connection is open."""
        ...

    async def connect(self) -> None:
        """Open the connection and introduce ourselves."""
        ...

    def pack_command(self, *parts: str | int | bytes) -> list[bytes]:
        """Return a command as it is sent."""
        ...

    async def send_packed_command(self, command: list[bytes], check_health: bool) -> None:  # noqa: FBT001  # redis-py's signature
        """Write commands that were packed before."""
        ...

    async def read_response(self, *, timeout: float | None = None) -> object:  # noqa: ASYNC109  # as above
        """Read one answer; None if it takes longer than the timeout."""
        ...

    async def disconnect(self, nowait: bool) -> None:  # noqa: FBT001  # as above
        """Close the connection."""
        ...


class Dialer:
    """Open connections to one server; nothing is retried, so that an outage shows at once."""

    def __init__(self, url: str, *, answer_s: float) -> None:
        """Take the server's URL (redis, rediss or unix) and the time that it has to answer."""
        # The socket itself has no timeout: whoever reads watches the time for many answers at once.
        self._pool = ConnectionPool.from_url(
            url,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=answer_s,
            socket_timeout=None,
        )
        self.answer_s = answer_s
        known = self._pool.connection_kwargs
        self.address = str(known.get("path") or f"{known.get('host')}:{known.get('port', 6379)}")

    async def open(self) -> Line:
        """Return a connection that is open and authenticated.

        Raises:
            LeaseUnavailableError: The server can't be reached in time or turns us away.
        """
        line = cast("Line", self._pool.make_connection())  # type: ignore[no-untyped-call]  # redis-py's
        try:
            async with asyncio.timeout(self.answer_s):
                await line.connect()
        except TimeoutError:
            await line.disconnect(nowait=True)
            raise self.silent() from None
        except (RedisError, OSError) as error:
            await line.disconnect(nowait=True)
            raise self.failed(error) from error
        except BaseException:
            await line.disconnect(nowait=True)
            raise
        return line

    def silent(self) -> LeaseUnavailableError:
        """Return the error of a server that does not answer in time."""
        return LeaseUnavailableError(
            reason=f"redis at {self.address} gave no answer in {self.answer_s:g} s"
        )

    def failed(self, error: Exception) -> LeaseUnavailableError:
        """Return the error of a server that refuses, or of a connection that broke."""
        said = str(error) or type(error).__name__
        return LeaseUnavailableError(
            reason=f"redis at {self.address} failed: {said[:_LONGEST_REASON]}"
        )
