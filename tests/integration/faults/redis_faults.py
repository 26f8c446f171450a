"""Break Redis in every way that keeps leases from being had, or makes it forget them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from redis.asyncio import Redis

from tests.servers.stoppable_redis import StoppableRedis

Fault = Callable[[StoppableRedis], Awaitable[None]]


async def _said(redis: StoppableRedis, *command: str | int) -> None:
    async with Redis.from_url(redis.url) as client:
        await client.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py's


async def stop(redis: StoppableRedis) -> None:
    """Kill the server."""
    await asyncio.to_thread(redis.stop)


async def freeze(redis: StoppableRedis) -> None:
    """Stop the server in its tracks: it accepts connections and answers nothing."""
    redis.freeze()


async def pause(redis: StoppableRedis) -> None:
    """Let it answer nothing for half a minute, as a slow one does."""
    await _said(redis, "CLIENT", "PAUSE", 30_000, "ALL")


async def refuse_writes(redis: StoppableRedis) -> None:
    """Let it refuse writes, as one without its replicas does."""
    await _said(redis, "CONFIG", "SET", "min-replicas-to-write", 1)


async def follow_nobody(redis: StoppableRedis) -> None:
    """Make it the read-only replica of a server that is not there."""
    await _said(redis, "REPLICAOF", "127.0.0.1", 1)


async def fill(redis: StoppableRedis) -> None:
    """Leave it no memory for another key."""
    await _said(redis, "CONFIG", "SET", "maxmemory-policy", "noeviction")
    await _said(redis, "CONFIG", "SET", "maxmemory", 1)


async def flush(redis: StoppableRedis) -> None:
    """Let it forget everything, leases and counters."""
    await _said(redis, "FLUSHALL")


async def restart_empty(redis: StoppableRedis) -> None:
    """Kill it and start it again, empty."""
    await asyncio.to_thread(redis.stop)
    await asyncio.to_thread(redis.start)


async def heal(redis: StoppableRedis) -> None:
    """Undo every fault that a new and empty server does not have."""
    redis.thaw()
    await restart_empty(redis)


async def heal_in_place(redis: StoppableRedis) -> None:
    """Undo a fault of a server that keeps what it knows."""
    redis.thaw()
    await _said(redis, "REPLICAOF", "NO", "ONE")
    await _said(redis, "CONFIG", "SET", "min-replicas-to-write", 0)
    await _said(redis, "CONFIG", "SET", "maxmemory", 0)


UNAVAILABLE: Final[Mapping[str, tuple[Fault, Fault]]] = MappingProxyType(
    {
        "down": (stop, restart_empty),
        "frozen": (freeze, heal_in_place),
        "slow": (pause, heal),
        "refuses writes": (refuse_writes, heal_in_place),
        "a replica of nobody": (follow_nobody, heal_in_place),
        "full": (fill, heal_in_place),
    }
)
"""Faults during which no lease can be had, each with its repair."""

FORGETFUL: Final[Mapping[str, Fault]] = MappingProxyType(
    {"flushed": flush, "restarted empty": restart_empty}
)
"""Faults after which leases that are held are forgotten, and others can be had at once."""
