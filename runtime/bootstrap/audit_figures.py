"""Count what keepers of audit logs tell of their work, for Prometheus, and log what is amiss."""

from __future__ import annotations

from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

from runtime.bootstrap.copy_figures import CopyFigures
from runtime.domain.errors import DomainError
from runtime.ports.audit_sink import SinkError

_WAITS_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class AuditFigures:
    """Hold what is told of one process's audit: of its logs, and of immutable copies."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count from zero."""
        self.log = LogFigures(registry)
        self.copies = CopyFigures(registry)


class LogFigures:
    """Take note of what happens to logs."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count from zero."""
        self._log = structlog.stdlib.get_logger("audit")
        self._leaves = Counter(
            "plangate_audit_leaves", "Records that got a number in a log.", registry=registry
        )
        self._seconds = Counter(
            "plangate_audit_numbering_seconds", "Time spent on numbering.", registry=registry
        )
        self._waits = Histogram(
            "plangate_audit_waits_seconds",
            "How long the oldest record of an append had waited for its number.",
            buckets=_WAITS_S,
            registry=registry,
        )
        self._heads = Counter("plangate_audit_heads", "Signed heads.", registry=registry)
        self._broken = Counter(
            "plangate_audit_broken",
            "Logs that do not go on from their last head, and are signed no more: alarm.",
            registry=registry,
        )
        self._shipped = Counter(
            "plangate_audit_shipped", "Leaves that a sink has.", ("sink",), registry=registry
        )
        self._anchored = Counter(
            "plangate_audit_anchored", "Heads that a sink has.", ("sink",), registry=registry
        )
        self._failures = Counter(
            "plangate_audit_failures", "What is tried again.", ("what",), registry=registry
        )

    def numbered(self, leaves: int, *, took_s: float) -> None:
        """Count leaves, and the time they took."""
        self._leaves.inc(leaves)
        self._seconds.inc(took_s)

    def waited(self, seconds: float) -> None:
        """Observe a wait."""
        self._waits.observe(seconds)

    def signed(self) -> None:
        """Count a head."""
        self._heads.inc()

    def broken(self, organization_id: str, *, reason: str) -> None:
        """Count and log a log that is signed no more."""
        self._broken.inc()
        self._log.error("audit.log_broken", organization=organization_id, reason=reason)

    def shipped(self, sink: str, leaves: int) -> None:
        """Count leaves that a sink has."""
        self._shipped.labels(sink).inc(leaves)

    def anchored(self, sink: str) -> None:
        """Count a head that a sink has."""
        self._anchored.labels(sink).inc()

    def failed(self, what: str, error: BaseException) -> None:
        """Count and log what is tried again; what others say of it may hold what they were sent."""
        self._failures.labels(what).inc()
        why = str(error) if isinstance(error, (DomainError, SinkError)) else None
        self._log.warning("audit.tried_again", what=what, error=type(error).__name__, why=why)
