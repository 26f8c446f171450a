"""Let these tests use a database in which organizations record."""

from __future__ import annotations

import pytest_asyncio

from tests.audit_log import LogWorld, a_log_world
from tests.database import FreshDatabase


@pytest_asyncio.fixture
async def world(database: FreshDatabase) -> LogWorld:
    """Give a database whose logs one key signs."""
    return await a_log_world(database)
