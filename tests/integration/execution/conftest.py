"""Let these tests use the world of `tests.execution`."""

from tests.execution import redis_url, world

__all__ = ["redis_url", "world"]
