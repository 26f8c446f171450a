"""Give each test the app of production over a fresh database."""

from tests.abuse.execution.conftest import app, redis_url, world

__all__ = ["app", "redis_url", "world"]
