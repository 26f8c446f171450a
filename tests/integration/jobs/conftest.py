"""Let these tests use the shop of `tests.jobs`."""

from tests.jobs import redis_url, shop

__all__ = ["redis_url", "shop"]
