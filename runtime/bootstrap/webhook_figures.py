"""Count what fan-outs and lanes tell of webhooks, for Prometheus, and log what they can't do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENCIES_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 600.0)
_TELLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "events": "Events matched with endpoints.",
        "deliveries_made": "Deliveries made of events.",
        "condition_failures": "Conditions that gave no boolean: they let nothing through.",
        "attempt_seconds": "Attempts by what they came to, and how long they took.",
        "wait_seconds": "Time from an event to the first attempt at its delivery.",
        "deliveries_ended": "Deliveries that were taken, and those that were given up.",
        "endpoints_failed": "Endpoints sent to no more.",
        "lanes_held": "Endpoints sent to by this process.",
        "events_waiting": "Events of all that no fan-out has seen, counted up to 10,000.",
        "lanes_due": "Endpoints of all in which something is due, counted up to 10,000.",
        "lanes_lost": "Lanes that were another's before ends could be written.",
        "failures": "What could not be done at once.",
    }
)


class WebhookFigures:
    """Take note of what happens to webhooks in one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count from zero."""
        self._log = structlog.stdlib.get_logger("webhooks")
        counted = partial(Counter, registry=registry)
        timed = partial(Histogram, registry=registry, buckets=_LATENCIES_S)
        level = partial(Gauge, registry=registry)
        self._events = counted(*_named("events"))
        self._made = counted(*_named("deliveries_made"))
        self._conditions = counted(*_named("condition_failures"))
        self._tried = timed(*_named("attempt_seconds"), ("fate",))
        self._waited = timed(*_named("wait_seconds"))
        self._ended = counted(*_named("deliveries_ended"), ("status",))
        self._disabled = counted(*_named("endpoints_failed"))
        self._held = level(*_named("lanes_held"))
        self._events_waiting = level(*_named("events_waiting"))
        self._lanes_waiting = level(*_named("lanes_due"))
        self._lost = counted(*_named("lanes_lost"))
        self._failures = counted(*_named("failures"), ("what",))

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


def _named(figure: str) -> tuple[str, str]:
    """Return a figure's whole name and what it tells."""
    return f"plangate_webhook_{figure}", _TELLS[figure]
