"""Let these tests use the yard of `tests.yard`, and webhooks of `tests.delivering`."""

from tests.delivering import delivering
from tests.yard import redis_url, yard

__all__ = ["delivering", "redis_url", "yard"]
