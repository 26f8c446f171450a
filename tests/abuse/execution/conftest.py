"""Give each attack the app of production over a fresh database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.abuse.execution.real_app import RealApp, real_app
from tests.database import DatabaseUrls
from tests.execution import redis_url, world

__all__ = ["redis_url", "world"]


@pytest_asyncio.fixture
async def app(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[RealApp]:
    """Serve the whole platform."""
    async with real_app(database_urls, redis_url) as started:
        yield started
