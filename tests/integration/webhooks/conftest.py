"""Give each test a world of webhooks."""

from __future__ import annotations

import pytest

from runtime.store.session import Database
from tests.webhooks import WebhookWorld, a_webhook_world


@pytest.fixture
async def world(database: Database) -> WebhookWorld:
    """Make an organization on a fresh database."""
    return await a_webhook_world(database)
