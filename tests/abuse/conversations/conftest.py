"""Give each attack the app of production with a model that does as it is told, however bad."""

from __future__ import annotations

from tests.api.conversations.conftest import app, redis_url, stub, talk

__all__ = ["app", "redis_url", "stub", "talk"]
