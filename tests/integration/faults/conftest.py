"""Give these tests a deployment to harm, and mend it after each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.database import DatabaseServer
from tests.execution import redis_url, world
from tests.integration.faults.site import Site, Tenant, a_site, faults_logged

__all__ = ["redis_url", "world"]


@pytest.fixture(scope="session")
def built_site(database_server: DatabaseServer) -> Iterator[Site]:
    """Run two replicas for as long as this process tests."""
    with database_server.migrated() as urls, a_site(urls) as site:
        yield site


@pytest_asyncio.fixture
async def site(built_site: Site) -> AsyncIterator[Site]:
    """Give a whole deployment, whatever the test before did to it; no fault of ours is logged."""
    await built_site.mend()
    for server in built_site.servers:
        server.log.clear()
    yield built_site
    faults = faults_logged(built_site.servers)
    assert faults == [], "\n".join(faults)


@pytest_asyncio.fixture
async def tenant(site: Site) -> Tenant:
    """Give an organization of this test's own."""
    return await site.found()
