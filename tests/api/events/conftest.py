"""Give these tests the app of production with a founded project."""

from __future__ import annotations

from tests.api.execution.conftest import api, redis_url

__all__ = ["api", "redis_url"]
