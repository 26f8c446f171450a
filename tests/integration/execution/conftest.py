"""Let these tests use the worlds of `tests.execution`, also one in which moves are paid for."""

from tests.execution import redis_url, world
from tests.priced import priced

__all__ = ["priced", "redis_url", "world"]
