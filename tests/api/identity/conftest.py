"""Give each test of identity a world of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.api.identity.world import World, a_world
from tests.database import FreshDatabase


@pytest_asyncio.fixture
async def world(database: FreshDatabase) -> AsyncIterator[World]:
    """Serve the identity routes over a fresh database."""
    async with a_world(database) as opened:
        yield opened
