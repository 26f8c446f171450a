"""Talk to the Redis that workers and the run's own process share; nothing else imports the driver.

Commands go out as words, so that the driver's two kinds of answers never reach a caller.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError

SCHEMES: Final = ("redis://", "rediss://")
CONNECTIONS: Final = 32
PATIENCE_S: Final = 30

Word: TypeAlias = str | bytes | int | float

_USER_INFO: Final = re.compile(r"(?<=://)[^/]*@")


class BrokerError(Exception):
    """A broker that can't be used; the message says which, why and what to do."""


class Link:
    """Send commands and scripts to one Redis; belongs to the event loop that first uses it."""

    def __init__(self, url: str) -> None:
        """Name the server; the connection is made by the first command.

        Raises:
            BrokerError: the address is not that of a Redis.
        """
        self.shown = shown(url)
        if not url.startswith(SCHEMES):
            raise BrokerError(
                f"--broker {self.shown}: many machines share results, rates and budgets in Redis; "
                "expected redis://HOST:PORT/DATABASE or rediss://..."
            )
        try:
            pool = BlockingConnectionPool.from_url(
                url, max_connections=CONNECTIONS, timeout=PATIENCE_S, socket_timeout=PATIENCE_S
            )
        except ValueError as error:
            raise BrokerError(f"--broker {self.shown} can't be read: {error}") from None
        self._redis = Redis.from_pool(pool)

    async def do(self, *words: Word) -> Any:  # noqa: ANN401  # an answer is what the command gives
        """Send one command and return its answer.

        Raises:
            BrokerError: no answer came.
        """
        try:
            return await self._redis.execute_command(*words)  # type: ignore[no-untyped-call]  # the driver's
        except (RedisError, OSError) as error:
            raise self._fault(error) from error

    async def run(self, script: str, *, keys: Sequence[str], words: Sequence[Word] = ()) -> Any:  # noqa: ANN401  # as above
        """Run a Lua script on the server, where nothing comes between its commands.

        Raises:
            BrokerError: no answer came.
        """
        try:
            return await self._redis.register_script(script)(keys=list(keys), args=list(words))
        except (RedisError, OSError) as error:
            raise self._fault(error) from error

    async def now_ms(self) -> int:
        """Return the server's time, which all machines agree on."""
        seconds, micros = await self.do("TIME")
        return int(seconds) * 1000 + int(micros) // 1000

    async def close(self) -> None:
        """Release the connections."""
        await self._redis.aclose()

    def _fault(self, error: Exception) -> BrokerError:
        return BrokerError(
            f"the broker {self.shown} does not serve: {type(error).__name__}: {error}; "
            "see that Redis runs there and may be reached"
        )


def shown(url: str) -> str:
    """Return an address without its password.

    >>> shown("redis://:secret@127.0.0.1:6379/0")
    'redis://127.0.0.1:6379/0'
    """
    return _USER_INFO.sub("", url)
