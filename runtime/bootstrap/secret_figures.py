"""Count how secrets are read, for Prometheus, and log what the platform reads for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from runtime.services.secrets.measures import FetchResult, Reading
from runtime.services.secrets.wishes import SecretStanding
from runtime.settings import ResolvedVariable

_LATENCIES_S: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class SecretFigures:
    """Take note of fetches in one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count from zero."""
        self._log = structlog.stdlib.get_logger("secrets")
        self._registry = registry
        self._fetches = Counter(
            "plangate_secret_fetches",
            "Times that a provider of secrets was asked, by what came of it.",
            ("scheme", "result"),
            registry=registry,
        )
        self._seconds = Histogram(
            "plangate_secret_fetch_seconds",
            "Time that a provider of secrets took to answer, or not to.",
            ("scheme",),
            buckets=_LATENCIES_S,
            registry=registry,
        )
        self._rotations = Counter(
            "plangate_secret_rotations", "Rotations that this process heard of.", registry=registry
        )
        self._failures = Counter(
            "plangate_secret_failures",
            "What could not be done at once.",
            ("what",),
            registry=registry,
        )

    def fetched(
        self, reading: Reading, result: FetchResult, *, version: str | None, seconds: float
    ) -> None:
        """Count an answer; of the platform's own secrets a line of the log is the record."""
        scheme = reading.reference.partition("://")[0]
        self._fetches.labels(scheme, result.value).inc()
        self._seconds.labels(scheme).observe(seconds)
        if reading.organization is None or result is not FetchResult.READ:
            tell = self._log.info if result is FetchResult.READ else self._log.warning
            tell(
                "secret.read" if result is FetchResult.READ else "secret.not_read",
                reference=reading.reference,
                version=version,
                result=result.value,
                why=reading.why,
                organization=reading.organization,
            )

    def rotation_heard(self, rotations: int) -> None:
        """Count rotations."""
        self._rotations.inc(rotations)

    def failed(self, what: str, error: Exception) -> None:
        """Count what is tried again."""
        self._failures.labels(what).inc()
        self._log.warning("secret.look_failed", what=what, kind=type(error).__name__)

    def resolved(self, variables: Sequence[ResolvedVariable]) -> None:
        """Log what was read before there was a log."""
        for item in variables:
            self._log.info(
                "secret.read", reference=item.reference, version=item.version, why=item.name
            )

    def readable_by_all(self, path: str) -> None:
        """Warn of a file that everybody on this machine may read."""
        self._log.warning("secret.file_open_to_all", path=path)

    def show(self, standing: Callable[[], SecretStanding]) -> Callable[[], None]:
        """Show how reading goes whenever figures are read; return what ends that."""
        shown = _Standing(standing)
        self._registry.register(shown)
        return lambda: self._registry.unregister(shown)


class _Standing(Collector):
    def __init__(self, standing: Callable[[], SecretStanding]) -> None:
        self._standing = standing

    @override
    def collect(self) -> Iterator[Metric]:
        standing = self._standing()
        hits = CounterMetricFamily("plangate_secret_hits", "Secrets read without asking anybody.")
        hits.add_metric((), standing.hits)
        yield hits
        for name, tells, figure in (
            ("stale", "Secrets that serve although nobody could be asked.", standing.stale),
            ("oldest_stale_seconds", "Age of the oldest of those.", standing.oldest_stale_s),
            ("closed", "Secrets that nobody gets: nobody can be asked.", standing.closed),
        ):
            gauge = GaugeMetricFamily(f"plangate_secret_{name}", tells)
            gauge.add_metric((), figure)
            yield gauge
        left = GaugeMetricFamily(
            "plangate_secret_calls_left", "Calls that a provider may get now.", labels=("scheme",)
        )
        for scheme, calls in standing.calls_left.items():
            left.add_metric((scheme,), calls)
        yield left
