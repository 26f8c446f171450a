"""Name what use cases tell of their work, for telemetry to count."""

from __future__ import annotations

from typing import Protocol

from runtime.ports.leases import LeaseEvent


class Measures(Protocol):
    """Take note of what happened; cheap, and never in the way."""

    def executed(self, status: str) -> None:
        """Note one plan that was executed, by the status of its outcome."""
        ...

    def group_committed(self, size: int) -> None:
        """Note how many plans one commit held."""
        ...

    def lease_told(self, event: LeaseEvent) -> None:
        """Note a step in the life of a lease, or that a wait for one was in vain."""
        ...

    def fence_rejected(self) -> None:
        """Note a commit that was refused because a later holder had written."""
        ...

    def connection_waited(self, pool: str, seconds: float) -> None:
        """Note how long a connection of a pool was waited for."""
        ...


class Unmeasured:
    """Take note of nothing."""

    def executed(self, status: str) -> None:
        """Forget it."""

    def group_committed(self, size: int) -> None:
        """Forget it."""

    def lease_told(self, event: LeaseEvent) -> None:
        """Forget it."""

    def fence_rejected(self) -> None:
        """Forget it."""

    def connection_waited(self, pool: str, seconds: float) -> None:
        """Forget it."""
