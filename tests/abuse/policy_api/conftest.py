"""Give each test an app over a fresh database, and one that tries rules as production does."""

from __future__ import annotations

import pytest

from runtime.store.session import Database
from tests.api.policy.app import PolicyApp, a_policy_app, a_trying_app


@pytest.fixture
async def policy_app(database: Database) -> PolicyApp:
    """Serve the routes."""
    return await a_policy_app(database)


@pytest.fixture
async def trying_app(database: Database) -> PolicyApp:
    """Serve the routes, and try what is uploaded for real."""
    return await a_trying_app(database)
