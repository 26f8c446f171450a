"""Count what is told of immutable copies, for Prometheus, and log what somebody has to act on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_LATENCIES_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SIZES: Final = (1, 3, 10, 30, 100, 300, 1_000)
_TELLS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "object_records": "Records that one object of copies held.",
        "object_seconds": "Time that a sink took to prove that it has an object of copies.",
        "sink_failures": "Objects of copies that a sink did not take.",
        "sink_unreachable": "Whether a sink failed three times in a row and is left alone: alarm.",
        "refused_records": "Records that no copy could be made of, so that nothing was done.",
        "missing": "Records without the copy that they must have: alarm.",
        "changed_objects": "Objects of copies that somebody overwrote, hid or put there: alarm.",
        "orphans": "Copies of records that were never committed.",
    }
)


class CopyFigures:
    """Take note of what happens to immutable copies in one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count from zero."""
        self._log = structlog.stdlib.get_logger("audit")
        counted = partial(Counter, registry=registry)
        timed = partial(Histogram, registry=registry)
        self._sizes = timed(*_named("object_records"), buckets=_SIZES)
        self._took = timed(*_named("object_seconds"), ("sink",), buckets=_LATENCIES_S)
        self._failures = counted(*_named("sink_failures"), ("sink",))
        self._unreachable = Gauge(*_named("sink_unreachable"), ("sink",), registry=registry)
        self._refused = counted(*_named("refused_records"))
        self._missing = counted(*_named("missing"))
        self._changed = counted(*_named("changed_objects"), ("sink",))
        self._orphans = counted(*_named("orphans"))

    def object_copied(self, sink: str, *, records: int, seconds: float) -> None:
        """Count an object, by what it held and how long it took."""
        self._sizes.observe(records)
        self._took.labels(sink).observe(seconds)

    def sink_failed(self, sink: str, *, why: str) -> None:
        """Count an object that was not taken, and log what whoever mends the sink has to know."""
        self._failures.labels(sink).inc()
        self._log.warning("audit.copy_refused", sink=sink, why=why)

    def sink_reachable(self, sink: str, *, reachable: bool) -> None:
        """Note and log that a sink is left alone, or is not any more."""
        self._unreachable.labels(sink).set(not reachable)
        if reachable:
            self._log.info("audit.sink_reached", sink=sink)
        else:
            self._log.error("audit.sink_lost", sink=sink)

    def copies_refused(self, records: int) -> None:
        """Count records that nothing was done of."""
        self._refused.inc(records)

    def copy_missing(self) -> None:
        """Count and log a record without its copy."""
        self._missing.inc()
        self._log.error("audit.copy_missed")

    def copies_changed(self, sink: str) -> None:
        """Count and log an object that is not as it was put."""
        self._changed.labels(sink).inc()
        self._log.error("audit.copies_changed", sink=sink)

    def orphans_marked(self, lines: int) -> None:
        """Count lines that no record stands behind."""
        self._orphans.inc(lines)


def _named(figure: str) -> tuple[str, str]:
    """Return a figure's whole name and what it tells."""
    return f"plangate_audit_copy_{figure}", _TELLS[figure]
