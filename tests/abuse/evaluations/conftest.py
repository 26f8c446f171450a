"""Serve the platform with the runs of two organizations, and open links as browsers do."""

from __future__ import annotations

from tests.api.evaluations.conftest import redis_url, shown

__all__ = ["redis_url", "shown"]
