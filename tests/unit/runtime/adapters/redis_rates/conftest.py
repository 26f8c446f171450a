"""Share one real server among the tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.servers.stoppable_redis import StoppableRedis
from tests.unit.runtime.adapters.redis_rates.world import RatesWorld


@pytest.fixture(scope="module")
def running() -> Iterator[StoppableRedis]:
    """Run a server for the module."""
    with StoppableRedis() as server:
        yield server


@pytest.fixture
async def world(running: StoppableRedis) -> AsyncIterator[RatesWorld]:
    """Start with an empty server, whatever the last test did to it."""
    running.thaw()
    running.start()
    world = RatesWorld(running)
    await world.command("CONFIG", "SET", "min-replicas-to-write", 0)
    await world.command("CONFIG", "SET", "maxmemory", 0)
    await world.command("REPLICAOF", "NO", "ONE")
    await world.command("FLUSHALL")
    yield world
    await world.close()
