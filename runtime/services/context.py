"""Carry what a use case may know of its request: who asks, and under which key."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from runtime.domain.caller import Caller
from runtime.kit.clock import Clock
from runtime.kit.ids import ENTROPY_BYTES, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """Hold an Idempotency-Key with what it was sent for; two bodies of one digest are one request.

    Attributes:
        route: method and route template, such as `POST /v1/projects`.
        key: as the client chose it.
        body_digest: of path and body.
    """

    route: str
    key: str
    body_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Hold what the edge knows of a request."""

    caller: Caller
    key: RequestKey | None = None


class Ids:
    """Make ids of any kind from a clock and the system's entropy."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """Return the instant."""
        return self._clock.now()

    def new(self, prefix: str) -> str:
        """Return a new id; ids of one prefix sort by time."""
        now_ms = int(self._clock.now().timestamp() * 1000)
        return new_id(prefix, now_ms=now_ms, entropy=secrets.token_bytes(ENTROPY_BYTES))
