"""Share one real server among the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.stoppable_redis import StoppableRedis


@pytest.fixture(scope="module")
def running() -> Iterator[StoppableRedis]:
    """Run a server for the module."""
    with StoppableRedis() as server:
        yield server


@pytest.fixture
def server(running: StoppableRedis) -> StoppableRedis:
    """Return the server, whatever the last test did to it."""
    running.thaw()
    running.start()
    return running
