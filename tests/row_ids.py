"""Give rows of tests their ids and their instant: equal numbers give equal ids."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from runtime.kit.ids import new_id

INSTANT: Final = datetime(2026, 1, 1, tzinfo=UTC)


def an_id(prefix: str, number: int) -> str:
    """Return the id of that number; equal numbers give equal ids."""
    return new_id(prefix, now_ms=1_767_225_600_000, entropy=number.to_bytes(10))
