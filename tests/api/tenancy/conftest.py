"""Give each test of tenancy an app over a fresh database, and one organization in it."""

from __future__ import annotations

import pytest

from runtime.store.session import Database
from tests.api.app_builder import TenancyApp, a_tenancy_app
from tests.tenants import Tenant, a_tenant


@pytest.fixture
def tenancy_app(database: Database) -> TenancyApp:
    """Serve the routes."""
    return a_tenancy_app(database)


@pytest.fixture
async def tenant(tenancy_app: TenancyApp) -> Tenant:
    """Make an organization."""
    return await a_tenant(tenancy_app.tenancy)
