"""Give these tests the app of production with a log."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.audit_site import AuditSite, audit_site
from tests.database import DatabaseUrls
from tests.execution import redis_url

__all__ = ["redis_url"]


@pytest_asyncio.fixture
async def site(database_urls: DatabaseUrls, redis_url: str) -> AsyncIterator[AuditSite]:
    """Serve the platform, and number and sign when a test asks for it."""
    async with audit_site(database_urls, redis_url) as started:
        yield started
