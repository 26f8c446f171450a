"""Let these tests use the worlds of `tests.schedules`."""

from tests.execution import redis_url
from tests.schedules import clockwork

__all__ = ["clockwork", "redis_url"]
