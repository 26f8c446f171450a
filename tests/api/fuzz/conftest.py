"""Give fuzzers one replica of the platform, in a child, over real servers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.database import DatabaseServer
from tests.integration.faults.site import Site, Tenant, a_site, faults_logged


@pytest.fixture(scope="session")
def site(database_server: DatabaseServer) -> Iterator[Site]:
    """Run one replica for as long as this process tests; it never logs a fault of ours."""
    with database_server.migrated() as urls, a_site(urls, replicas=1, lease_ttl_s=6.0) as site:
        yield site
        assert faults_logged(site.servers) == []
        assert site.servers[0].running


@pytest.fixture
def tenant(site: Site) -> Tenant:
    """Give an organization of this test's own."""
    return asyncio.run(site.found())


@pytest.fixture
def project(site: Site, tenant: Tenant) -> str:
    """Give a counter project of that organization."""
    return asyncio.run(site.project(tenant))
