"""Give each attack a world of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.api.identity.issuers import Trusting, trusting
from tests.api.identity.world import World, a_world
from tests.database import FreshDatabase
from tests.servers.identity_provider import IdentityProvider, identity_provider


@pytest_asyncio.fixture
async def world(database: FreshDatabase) -> AsyncIterator[World]:
    """Serve the identity routes over a fresh database."""
    async with a_world(database) as opened:
        yield opened


@pytest.fixture
def issuer() -> Iterator[IdentityProvider]:
    """Serve an issuer that logs in the owner of the first organization."""
    with identity_provider() as served:
        served.login_changes = {"email": "olga1@example.com"}
        yield served


@pytest_asyncio.fixture
async def trusted(database: FreshDatabase, issuer: IdentityProvider) -> AsyncIterator[Trusting]:
    """Open a world that trusts the issuer."""
    async with trusting(database, issuer) as opened:
        yield opened
