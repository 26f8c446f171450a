"""Spell the documents of operations on health, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class DependencyOut(TypedDict):
    """Say how one dependency answers."""

    latency_ms: float
    status: Literal["up", "degraded", "down"]


class HealthOut(TypedDict):
    """Say how it goes."""

    status: NotRequired[Literal["live"]]


class ReadinessOut(TypedDict):
    """Say whether requests can be served."""

    dependencies: dict[str, DependencyOut]
    status: Literal["ready", "not_ready"]
