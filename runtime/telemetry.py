"""Say what the platform does: log lines of JSON, and figures for Prometheus.

An event is `noun.verb_past` with facts as keys; no payload and no secret is ever one of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Final, TextIO

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from structlog.typing import EventDict, WrappedLogger

from runtime.kit.json_value import JsonObject
from runtime.kit.redact import redact
from runtime.ports.leases import LeaseEvent, LeaseEventKind

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("plangate_request_id", default=None)
"""Which request the current task works on; every log line has it."""

METRICS_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
LEVELS: Final[Mapping[str, int]] = {
    "debug": 10,
    "info": 20,
    "warning": 30,
    "error": 40,
    "critical": 50,
}

_LATENCIES_S: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
)  # fmt: skip
_WAITS_S: Final = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)
_GROUPS: Final = (1, 2, 4, 8, 16, 32)
_WAITED: Final = frozenset(
    {LeaseEventKind.ACQUIRED, LeaseEventKind.BUSY, LeaseEventKind.UNAVAILABLE}
)
"""What ends a wait for a lease."""


def configure_logging(*, level: str = "info", stream: TextIO | None = None) -> None:
    """Let structlog write a line of JSON for each event.

    Args:
        level: the least that is written, one of `LEVELS`.
        stream: where to; by default standard error, whatever that is when an event is written.
    """

    def logger(*_: object) -> structlog.PrintLogger:
        return structlog.PrintLogger(sys.stderr if stream is None else stream)

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            with_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            spelled,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=logger,
        cache_logger_on_first_use=False,
    )


def with_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Name the request that an event belongs to."""
    request_id = REQUEST_ID.get()
    if request_id is not None:
        event["request_id"] = request_id
    return event


def spelled(_: WrappedLogger, __: str, event: EventDict) -> str:
    """Spell an event as one line of JSON, without what looks like a secret."""
    document: JsonObject = orjson.loads(orjson.dumps(event, default=str))
    return orjson.dumps(redact(document)).decode()


class Metrics:
    """Count what one app does, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answered = Counter(
            "plangate_requests",
            "Requests answered, by route template and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._latency = Histogram(
            "plangate_request_seconds",
            "Time from a request's arrival to the end of its answer.",
            ("method", "route"),
            buckets=_LATENCIES_S,
            registry=self.registry,
        )
        self._executed = Counter(
            "plangate_executions",
            "Plans executed, by the status of their outcome.",
            ("status",),
            registry=self.registry,
        )
        self._groups = Histogram(
            "plangate_commit_group_size",
            "Plans that one commit held.",
            buckets=_GROUPS,
            registry=self.registry,
        )
        self._leases = _LeaseFigures(self.registry)
        self.jobs = JobFigures(self.registry)
        self._fences = Counter(
            "plangate_fence_rejections",
            "Commits refused because a later holder of the lease had written.",
            registry=self.registry,
        )
        self._pool_waits = Histogram(
            "plangate_pool_wait_seconds",
            "Time that a database connection was waited for, by pool.",
            ("pool",),
            buckets=_WAITS_S,
            registry=self.registry,
        )
        self._of_pool = {pool: self._pool_waits.labels(pool) for pool in ("direct", "general")}
        self._of_route = dict[tuple[str, str, int], tuple[Counter, Histogram]]()

    def answered(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """Count a request; `route` is a template, so that ids make no series of their own."""
        key = (method, route, status)
        of_route = self._of_route.get(key)
        if of_route is None:
            of_route = (
                self._answered.labels(method, route, str(status)),
                self._latency.labels(method, route),
            )
            self._of_route[key] = of_route
        of_route[0].inc()
        of_route[1].observe(seconds)

    def executed(self, status: str) -> None:
        """Count one plan that was executed."""
        self._executed.labels(status).inc()

    def group_committed(self, size: int) -> None:
        """Count a commit by how many plans it held."""
        self._groups.observe(size)

    def lease_told(self, event: LeaseEvent) -> None:
        """Count what became of a lease, and the wait for one."""
        self._leases.tell(event)

    def fence_rejected(self) -> None:
        """Count a commit that came too late."""
        self._fences.inc()

    def connection_waited(self, pool: str, seconds: float) -> None:
        """Count a wait for a connection."""
        self._of_pool[pool].observe(seconds)

    def watch(self, name: str, description: str, *, read: Callable[[], float]) -> None:
        """Show a figure that is read when somebody looks, as `plangate_` and its name."""
        gauge = Gauge(f"plangate_{name}", description, registry=self.registry)
        gauge.set_function(read)

    def exposition(self) -> bytes:
        """Return every figure as Prometheus reads it."""
        return generate_latest(self.registry)


class _LeaseFigures:
    """Count what becomes of leases, and the waits for them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        events = Counter(
            "plangate_lease_events",
            "Leases of projects that were acquired, released or lost; busy, unavailable: not got.",
            ("event",),
            registry=registry,
        )
        self._events = {kind: events.labels(kind.value) for kind in LeaseEventKind}
        self._waits = Histogram(
            "plangate_lease_wait_seconds",
            "Time that a project's lease was waited for, also in vain.",
            buckets=_WAITS_S,
            registry=registry,
        )

    def tell(self, event: LeaseEvent) -> None:
        self._events[event.kind].inc()
        if event.kind in _WAITED:
            self._waits.observe(event.waited_s)


class JobFigures:
    """Count what relays and workers tell of jobs, and log what they can't do."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._log = structlog.stdlib.get_logger("jobs")
        self._handed = Counter(
            "plangate_jobs_handed", "Jobs handed to the queue.", registry=registry
        )
        self._messages = Counter(
            "plangate_job_messages", "Messages handed to the queue.", registry=registry
        )
        self._failures = Counter(
            "plangate_job_failures",
            "What relays, rescuers and workers could not do at once.",
            ("what",),
            registry=registry,
        )
        self._begun = Counter("plangate_jobs_begun", "Attempts begun.", registry=registry)
        self._refused = Counter(
            "plangate_jobs_refused",
            "Jobs that a message named and that could not be begun: another had them.",
            registry=registry,
        )
        self._waits = Histogram(
            "plangate_job_wait_seconds",
            "Time that jobs could have been started before they were.",
            buckets=_LATENCIES_S,
            registry=registry,
        )
        self._ended = Counter(
            "plangate_job_attempts",
            "Attempts that ended, by the job's name and what it became.",
            ("name", "status"),
            registry=registry,
        )
        self._lost = Counter(
            "plangate_job_attempts_lost",
            "Attempts whose ends did not count: others had the jobs by then.",
            registry=registry,
        )
        self._rescued = Counter(
            "plangate_jobs_rescued",
            "Jobs taken from workers that were gone, by what became of them.",
            ("became",),
            registry=registry,
        )

    def handed(self, jobs: int, *, messages: int) -> None:
        """Count jobs that a relay handed to the queue."""
        self._handed.inc(jobs)
        self._messages.inc(messages)

    def failed(self, what: str, error: BaseException) -> None:
        """Count and log what could not be done; it is tried again."""
        self._failures.labels(what).inc()
        self._log.warning("jobs.failed", what=what, error=type(error).__name__, reason=str(error))

    def begun(self, jobs: int, *, refused: int) -> None:
        """Count jobs that a worker began, and ids that it could not begin."""
        self._begun.inc(jobs)
        self._refused.inc(refused)

    def waited(self, seconds: float) -> None:
        """Count a wait for a start."""
        self._waits.observe(seconds)

    def ended(self, name: str, status: str) -> None:
        """Count an attempt that ended."""
        self._ended.labels(name, status).inc()

    def lost(self, jobs: int) -> None:
        """Count attempts whose ends did not count."""
        self._lost.inc(jobs)

    def rescued(self, jobs: int, *, quarantined: int) -> None:
        """Count jobs of workers that are gone."""
        self._rescued.labels("waiting").inc(jobs)
        self._rescued.labels("quarantined").inc(quarantined)
        if jobs or quarantined:
            self._log.warning("jobs.rescued", jobs=jobs, quarantined=quarantined)
