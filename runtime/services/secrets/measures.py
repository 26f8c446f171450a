"""The role of who takes note of how secrets are read; no value is ever told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class FetchResult(StrEnum):
    """Name what came of asking a provider."""

    READ = "read"
    MISSING = "missing"
    DENIED = "denied"
    MALFORMED = "malformed"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Say what was asked for, and why; for the record.

    Attributes:
        organization: whose secret; None: the platform's own.
        reference: as it is written.
        why: in words, such as `effect http.call`.
    """

    organization: str | None
    reference: str
    why: str


class SecretMeasures(Protocol):
    """Take note of fetches."""

    def fetched(
        self, reading: Reading, result: FetchResult, *, version: str | None, seconds: float
    ) -> None:
        """Take note of one answer of a provider, or that there was none."""
        ...

    def rotation_heard(self, rotations: int) -> None:
        """Take note of secrets that were told to be rotated."""
        ...

    def failed(self, what: str, error: Exception) -> None:
        """Take note of what could not be done now, and is tried again."""
        ...
