"""Give these tests a site, on a real database and Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest_asyncio

from tests.approvals import ApprovalSite, an_approval_site
from tests.database import FreshDatabase
from tests.execution import redis_url

__all__ = ["redis_url"]


@pytest_asyncio.fixture
async def site(database: FreshDatabase, redis_url: str) -> AsyncIterator[ApprovalSite]:
    """Open a process in which moving the counter takes approval."""
    async with AsyncExitStack() as stack:
        yield await an_approval_site(stack, database, redis_url)
