"""Give tests of models worlds that are closed in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import pytest_asyncio

from runtime.store.session import Database
from tests.model_world import NewWorld, a_world


@pytest_asyncio.fixture
async def new_world(database: Database) -> AsyncIterator[NewWorld]:
    """Make worlds on one database; what they began is through before it closes."""
    async with AsyncExitStack() as stack:
        yield partial(a_world, database, stack)
