"""Give these tests the app of production, whose rules are evaluated as in production."""

from __future__ import annotations

from tests.api.execution.conftest import api, redis_url

__all__ = ["api", "redis_url"]
