"""Let these tests use a strict organization on a real Postgres and a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio

from tests.database import FreshDatabase
from tests.execution import redis_url
from tests.strict import StrictWorld, a_strict_world

__all__ = ["redis_url"]


@pytest_asyncio.fixture
async def strict(
    database: FreshDatabase, redis_url: str, tmp_path: Path
) -> AsyncIterator[StrictWorld]:
    """Give a process that copies into one sink, and an organization that is strict."""
    async with AsyncExitStack() as stack:
        yield await a_strict_world(stack, database, redis_url, tmp_path)
