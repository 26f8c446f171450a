"""Run scripts on one Redis in bounded time; whatever goes wrong is one error.

A request that broke off is sent once more, as every script may run twice.
"""

from __future__ import annotations

import asyncio
from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as BrokenError
from redis.exceptions import NoScriptError, RedisError

from runtime.adapters.redis_rates.scripts import Script
from runtime.domain.errors import RatesUnavailableError
from runtime.kit.canonical_json import canonical_text
from runtime.kit.json_value import JsonObject

MOST_CONNECTIONS: Final = 16
_LONGEST_REASON: Final = 200


class Server:
    """Ask one Redis; connections open on first use."""

    def __init__(self, url: str, *, answer_s: float) -> None:
        """Take the server's URL (redis, rediss or unix) and the time that it has to answer."""
        pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
            url,
            max_connections=MOST_CONNECTIONS,
            timeout=answer_s,
            protocol=2,
            retry=Retry(NoBackoff(), 1, supported_errors=(BrokenError,)),
            socket_connect_timeout=answer_s,
            socket_timeout=answer_s,
        )
        self._client = Redis.from_pool(pool)
        self._answer_s = answer_s
        known = pool.connection_kwargs
        self.address = str(known.get("path") or f"{known.get('host')}:{known.get('port', 6379)}")

    async def run(self, script: Script, keys: tuple[str, ...], request: JsonObject) -> str:
        """Run a script with a document as its argument, and return the text that it answers.

        Raises:
            RatesUnavailableError: there was no answer in time, or it was an error.
        """
        argument = canonical_text(request)
        try:
            async with asyncio.timeout(self._answer_s):
                said = await self._run(script, *keys, argument)
        except TimeoutError:
            raise self._failed(f"gave no answer in {self._answer_s:g} s") from None
        except (RedisError, OSError) as error:
            raise self._failed(f"failed: {str(error) or type(error).__name__}") from error
        if not isinstance(said, bytes):
            raise self._failed("answered something else than text")
        return said.decode()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _run(self, script: Script, *parts: str) -> object:
        number = len(parts) - 1
        try:
            return await self._client.evalsha(script.digest, number, *parts)
        except NoScriptError:
            return await self._client.eval(script.text, number, *parts)

    def _failed(self, what: str) -> RatesUnavailableError:
        return RatesUnavailableError(reason=f"redis at {self.address} {what[:_LONGEST_REASON]}")
