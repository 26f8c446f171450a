"""Give these tests the app of production, and a counter project."""

from tests.api.execution.conftest import api, redis_url

__all__ = ["api", "redis_url"]
