"""Give each attack the app of production, open to every document or to trusted ones alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.database import DatabaseUrls
from tests.execution import redis_url
from tests.graphql_site import GraphqlSite, graphql_site

__all__ = ["redis_url"]


@pytest_asyncio.fixture
async def site(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[GraphqlSite]:
    """Serve the whole platform."""
    async with graphql_site(database_urls, redis_url) as started:
        yield started
