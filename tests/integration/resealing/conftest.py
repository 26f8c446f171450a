"""Let these tests use the app of production, with a project that hooks may act in."""

from tests.execution import redis_url
from tests.hooks import hook_site

__all__ = ["hook_site", "redis_url"]
