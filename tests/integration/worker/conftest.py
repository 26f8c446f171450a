"""Let these tests use the yard of `tests.yard`."""

from tests.yard import redis_url, yard

__all__ = ["redis_url", "yard"]
