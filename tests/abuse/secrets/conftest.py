"""Give these tests a Redis."""

from tests.execution import redis_url

__all__ = ["redis_url"]
