"""What a worker does is told to machines in lines of the log, and to people in words."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest

from runtime.adapters.celery.consumer import Heard
from runtime.bootstrap.watchdog import Stuck
from runtime.bootstrap.worker_log import WorkerLog
from runtime.telemetry import Metrics, configure_logging


@pytest.fixture
def lines() -> io.StringIO:
    """Let the log write here."""
    stream = io.StringIO()
    configure_logging(stream=stream)
    return stream


def _events(lines: io.StringIO) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in lines.getvalue().splitlines()]


def test_the_broker_is_told_of_and_what_fails_is_counted(lines: io.StringIO) -> None:
    """A message that is dropped is seen in the figures, not only by who reads logs."""
    metrics = Metrics()
    log = WorkerLog("w-1", measures=metrics.jobs)

    for heard in Heard:
        log.heard(heard, reason="because")

    events = [event["event"] for event in _events(lines)]
    assert events == ["broker.connected", "broker.lost", "jobs.failed", "jobs.failed"]
    counted = metrics.registry.get_sample_value
    assert counted("plangate_job_failures_total", {"what": "message"}) == 1
    assert counted("plangate_job_failures_total", {"what": "consumer"}) == 1


def test_the_life_of_a_worker_is_told(lines: io.StringIO) -> None:
    """People are told when jobs are taken, and when no more are, and why."""
    said: list[str] = []
    log = WorkerLog("w-1", measures=Metrics().jobs, say=said.append)

    log.ready()
    log.ending("SIGTERM")
    log.lost_alone("a process with job_1 ended by SIGKILL")
    log.stuck(Stuck(still_s=61.04, jobs=("job_1",), where=("loop (plugin.py:3)",)))
    log.broken("no database")
    log.ended()

    events = _events(lines)
    assert said == ["Taking jobs.", "Stopping: SIGTERM."]
    assert {event["worker"] for event in events} == {"w-1"}
    assert [event["event"] for event in events] == [
        "worker.started",
        "worker.stopping",
        "worker.process_lost",
        "worker.stuck",
        "worker.broken",
        "worker.stopped",
    ]
    assert events[3]["jobs"] == ["job_1"]


def test_one_that_speaks_to_nobody_is_quiet(lines: io.StringIO) -> None:
    """A process for jobs alone has no person to speak to."""
    WorkerLog("w-1", measures=Metrics().jobs).ready()

    assert len(_events(lines)) == 1
