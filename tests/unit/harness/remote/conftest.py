"""Serve one Redis to the tests of this folder, empty for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from harness.remote.link import Link
from tests.servers.redis_server import redis_server


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Serve while the tests run."""
    with redis_server() as url:
        yield url


@pytest.fixture
async def link(server: str) -> AsyncIterator[Link]:
    """Connect to an empty database."""
    found = Link(server)
    await found.do("FLUSHALL")
    yield found
    await found.close()
