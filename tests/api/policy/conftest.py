"""Give each test of rules an app over a fresh database."""

from __future__ import annotations

import pytest

from runtime.store.session import Database
from tests.api.policy.app import PolicyApp, a_policy_app


@pytest.fixture
async def policy_app(database: Database) -> PolicyApp:
    """Serve the routes."""
    return await a_policy_app(database)
