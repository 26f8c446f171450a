"""Count what fan-outs and lanes tell of webhooks, for Prometheus, and log what they can't do."""

from __future__ import annotations

from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENCIES_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 600.0)


class WebhookFigures:
    """Take note of what happens to webhooks in one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count from zero."""
        self._log = structlog.stdlib.get_logger("webhooks")
        self._events = Counter(
            "plangate_webhook_events", "Events matched with endpoints.", registry=registry
        )
        self._made = Counter(
            "plangate_webhook_deliveries_made", "Deliveries made of events.", registry=registry
        )
        self._conditions = Counter(
            "plangate_webhook_condition_failures",
            "Conditions that gave no boolean: they let nothing through.",
            registry=registry,
        )
        self._tried = Histogram(
            "plangate_webhook_attempt_seconds",
            "Attempts by what they came to, and how long they took.",
            ("fate",),
            registry=registry,
            buckets=_LATENCIES_S,
        )
        self._waited = Histogram(
            "plangate_webhook_wait_seconds",
            "Time from an event to the first attempt at its delivery.",
            registry=registry,
            buckets=_LATENCIES_S,
        )
        self._ended = Counter(
            "plangate_webhook_deliveries_ended",
            "Deliveries that were taken, and those that were given up.",
            ("status",),
            registry=registry,
        )
        self._disabled = Counter(
            "plangate_webhook_endpoints_failed", "Endpoints sent to no more.", registry=registry
        )
        self._held = Gauge(
            "plangate_webhook_lanes_held", "Endpoints sent to by this process.", registry=registry
        )
        self._events_waiting = Gauge(
            "plangate_webhook_events_waiting",
            "Events of all that no fan-out has seen, counted up to 10,000.",
            registry=registry,
        )
        self._lanes_waiting = Gauge(
            "plangate_webhook_lanes_due",
            "Endpoints of all in which something is due, counted up to 10,000.",
            registry=registry,
        )
        self._lost = Counter(
            "plangate_webhook_lanes_lost",
            "Lanes that were another's before ends could be written.",
            registry=registry,
        )
        self._failures = Counter(
            "plangate_webhook_failures",
            "What could not be done at once.",
            ("what",),
            registry=registry,
        )

    def fanned_out(self, events: int, *, deliveries: int) -> None:
        """Count events that were matched, and deliveries that came of them."""
        self._events.inc(events)
        self._made.inc(deliveries)

    def condition_failed(self) -> None:
        """Count a condition that gave no boolean."""
        self._conditions.inc()

    def tried(self, outcome: str, *, took_s: float) -> None:
        """Count an attempt."""
        self._tried.labels(outcome).observe(took_s)

    def waited(self, seconds: float) -> None:
        """Count the time from an event to its first attempt."""
        self._waited.observe(seconds)

    def ended(self, status: str, count: int) -> None:
        """Count deliveries that ended."""
        self._ended.labels(status).inc(count)

    def disabled(self) -> None:
        """Count an endpoint that is sent to no more."""
        self._disabled.inc()

    def lanes_held(self, lanes: int) -> None:
        """Note how many lanes are held."""
        self._held.set(lanes)

    def backlog(self, events: int, *, lanes: int) -> None:
        """Note what waits, of all."""
        self._events_waiting.set(events)
        self._lanes_waiting.set(lanes)

    def lost(self) -> None:
        """Count a lane that was lost."""
        self._lost.inc()

    def failed(self, what: str, error: BaseException) -> None:
        """Count and log what could not be done; it is tried again."""
        self._failures.labels(what).inc()
        self._log.warning("webhooks.failed", what=what, error=type(error).__name__)
