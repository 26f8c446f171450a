"""Name what the keepers of audit logs tell of their work, for telemetry to count."""

from __future__ import annotations

from typing import Protocol


class AuditLogMeasures(Protocol):
    """Take note of what happened; cheap, and never in the way."""

    def numbered(self, leaves: int, *, took_s: float) -> None:
        """Note leaves that were appended to a log at once, and how long that took."""
        ...

    def waited(self, seconds: float) -> None:
        """Note how long the oldest record of an append had waited for its number."""
        ...

    def signed(self) -> None:
        """Note a head."""
        ...

    def broken(self, organization_id: str, *, reason: str) -> None:
        """Note a log that no head is signed of any more: it does not go on from the last one."""
        ...

    def shipped(self, sink: str, leaves: int) -> None:
        """Note leaves that a sink has."""
        ...

    def anchored(self, sink: str) -> None:
        """Note a signed head that a sink has."""
        ...

    def failed(self, what: str, error: BaseException) -> None:
        """Note what could not be done; it is tried again."""
        ...


class UnmeasuredAuditLog:
    """Take note of nothing."""

    def numbered(self, leaves: int, *, took_s: float) -> None:
        """Forget it."""

    def waited(self, seconds: float) -> None:
        """Forget it."""

    def signed(self) -> None:
        """Forget it."""

    def broken(self, organization_id: str, *, reason: str) -> None:
        """Forget it."""

    def shipped(self, sink: str, leaves: int) -> None:
        """Forget it."""

    def anchored(self, sink: str) -> None:
        """Forget it."""

    def failed(self, what: str, error: BaseException) -> None:
        """Forget it."""
