"""Give these tests the app of production with a model that does as it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.abuse.execution.real_app import RealApp, real_app
from tests.database import DatabaseUrls
from tests.execution import redis_url
from tests.servers.openai_stub import OpenAiStub
from tests.servers.told_stub import told_stub
from tests.talking import Talk, a_talk

__all__ = ["redis_url"]


@pytest_asyncio.fixture
async def stub() -> AsyncIterator[OpenAiStub]:
    """Serve models on loopback."""
    async with told_stub() as served:
        yield served


@pytest_asyncio.fixture
async def app(
    database_urls: DatabaseUrls, redis_url: str, stub: OpenAiStub
) -> AsyncIterator[RealApp]:
    """Serve the whole platform, whose model does as the message says."""
    model = f"openai/as-told?transport=http&api_base={stub.base}&retries=0"
    async with real_app(database_urls, redis_url, model=model) as started:
        yield started


@pytest_asyncio.fixture
async def talk(app: RealApp) -> Talk:
    """Begin a conversation about a new counter, which stands at 0."""
    return await a_talk(app, await app.found())
