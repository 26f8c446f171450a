"""Say what a worker does, in lines of the log."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from runtime.adapters.celery.consumer import Heard
from runtime.bootstrap.watchdog import Stuck
from runtime.domain.errors import JobMessageError, QueueUnavailableError
from runtime.services.jobs.measures import JobMeasures


class WorkerLog:
    """Write for one worker; from any thread."""

    def __init__(
        self,
        worker: str,
        *,
        measures: JobMeasures,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """Write nothing yet.

        Args:
            worker: its name.
            measures: counts what fails, and says so itself.
            say: tells people.
        """
        self._measures = measures
        self._say = say or _nothing
        self._log = structlog.get_logger().bind(worker=worker)

    def heard(self, heard: Heard, *, reason: str = "") -> None:
        """Say what became of the connection to the broker, or of a message."""
        match heard:
            case Heard.CONNECTED:
                self._log.info("broker.connected")
            case Heard.LOST:
                self._log.warning("broker.lost", reason=reason)
            case Heard.UNREADABLE:
                self._measures.failed("message", JobMessageError(problem=reason))
            case Heard.FAILED:
                self._measures.failed("consumer", QueueUnavailableError(reason=reason))

    def ready(self) -> None:
        """Say that jobs are taken from now on."""
        self._log.info("worker.started")
        self._say("Taking jobs.")

    def ending(self, why: str) -> None:
        """Say that no further jobs are taken."""
        self._log.info("worker.stopping", why=why)
        self._say(f"Stopping: {why}.")

    def ended(self) -> None:
        """Say that nothing runs any more."""
        self._log.info("worker.stopped")

    def lost_alone(self, what: str) -> None:
        """Say how a process for jobs alone ended that should not have."""
        self._log.warning("worker.process_lost", reason=what)

    def stuck(self, stuck: Stuck) -> None:
        """Say what keeps the event loop, so that the process ends."""
        self._log.error(
            "worker.stuck",
            still_s=round(stuck.still_s, 1),
            jobs=list(stuck.jobs),
            where=list(stuck.where),
        )

    def broken(self, problem: str) -> None:
        """Say why there is no worker."""
        self._log.error("worker.broken", reason=problem)


def _nothing(_: str) -> None:
    """Say nothing."""
