"""Log lines are JSON without secrets, and figures are of one app alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO

import orjson
import pytest
import structlog

from runtime.kit.json_value import JsonObject
from runtime.ports.leases import LeaseEvent, LeaseEventKind
from runtime.telemetry import REQUEST_ID, Metrics, configure_logging


@pytest.fixture
def written() -> Iterator[StringIO]:
    """Log into a text."""
    stream = StringIO()
    configure_logging(stream=stream)
    yield stream
    structlog.reset_defaults()


def lines(stream: StringIO) -> list[JsonObject]:
    """Return what was logged."""
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(written: StringIO) -> None:
    """With when, how grave and the facts, whatever their types."""
    structlog.get_logger().warning("token.revoked", token="tok_1", kinds={1}, text="a\nb")  # noqa: S106

    (line,) = lines(written)
    assert (line["event"], line["level"], line["kinds"]) == ("token.revoked", "warning", "{1}")
    assert str(line["at"]).endswith("Z")
    assert line["text"] == "a\nb"


def test_what_looks_secret_is_not_written(written: StringIO) -> None:
    """By its name or by its shape."""
    log = structlog.get_logger()

    log.info("x.done", password="hunter2", note="sent Bearer abcdefgh12345")  # noqa: S106

    assert "hunter2" not in written.getvalue()
    assert "abcdefgh12345" not in written.getvalue()


def test_a_line_names_its_request(written: StringIO) -> None:
    """Where there is one."""
    log = structlog.get_logger()
    log.info("app.started")
    named = REQUEST_ID.set("req_1")
    log.info("plan.executed")
    REQUEST_ID.reset(named)

    before, within = lines(written)
    assert "request_id" not in before
    assert within["request_id"] == "req_1"


def test_an_exception_is_part_of_its_line(written: StringIO) -> None:
    """It breaks no line in two."""
    try:
        1 / 0  # noqa: B018  # it fails
    except ZeroDivisionError:
        structlog.get_logger().exception("x.failed")

    (line,) = lines(written)
    assert "ZeroDivisionError" in line["exception"]


def test_less_grave_events_are_left_out() -> None:
    """As the level says."""
    stream = StringIO()
    configure_logging(level="error", stream=stream)
    structlog.get_logger().warning("x.done")
    structlog.get_logger().error("x.failed")
    structlog.reset_defaults()

    assert [line["event"] for line in lines(stream)] == ["x.failed"]


def test_every_figure_is_shown() -> None:
    """Under its name, with what was told."""
    metrics = Metrics()
    metrics.answered("GET", "/v1/me", status=200, seconds=0.004)
    metrics.answered("GET", "/v1/me", status=200, seconds=0.004)
    metrics.executed("done")
    metrics.group_committed(3)
    metrics.lease_told(LeaseEvent(kind=LeaseEventKind.ACQUIRED, key="k", waited_s=0.002))
    metrics.fence_rejected()
    metrics.connection_waited("direct", 0.002)
    metrics.watch("pool_in_use", "Connections in use.", read=lambda: 4)

    text = metrics.exposition().decode()

    for line in (
        'plangate_requests_total{method="GET",route="/v1/me",status="200"} 2.0',
        'plangate_request_seconds_bucket{le="0.005",method="GET",route="/v1/me"} 2.0',
        'plangate_executions_total{status="done"} 1.0',
        'plangate_commit_group_size_bucket{le="4.0"} 1.0',
        'plangate_lease_events_total{event="acquired"} 1.0',
        'plangate_lease_wait_seconds_bucket{le="0.005"} 1.0',
        "plangate_fence_rejections_total 1.0",
        'plangate_pool_wait_seconds_bucket{le="0.005",pool="direct"} 1.0',
        "plangate_pool_in_use 4.0",
    ):
        assert line in text


def test_each_wait_for_a_lease_is_counted_once_however_it_ends() -> None:
    """One that is given back or lost was waited for before; keys make no series of their own."""
    metrics = Metrics()
    for kind in LeaseEventKind:
        metrics.lease_told(LeaseEvent(kind=kind, key="org_1:prj_1", waited_s=0.5, held_s=2.0))

    text = metrics.exposition().decode()

    for event in ("acquired", "busy", "unavailable", "released", "lost"):
        assert f'plangate_lease_events_total{{event="{event}"}} 1.0' in text
    assert "plangate_lease_wait_seconds_count 3.0" in text
    assert "plangate_lease_wait_seconds_sum 1.5" in text
    assert "prj_1" not in text


def test_two_apps_count_apart() -> None:
    """As in one process of tests."""
    one, other = Metrics(), Metrics()

    one.fence_rejected()

    assert b"plangate_fence_rejections_total 0.0" in other.exposition()


def test_standard_error_may_be_another_one_later(capsys: pytest.CaptureFixture[str]) -> None:
    """What it was when logging was configured may be closed by then."""
    with redirect_stderr(StringIO()) as before:
        configure_logging()
    before.close()

    structlog.get_logger().info("thing.done")

    assert "thing.done" in capsys.readouterr().err
    structlog.reset_defaults()


def test_what_becomes_of_jobs_is_counted_and_what_failed_is_logged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By the job's name and what it became; ids make no series of their own."""
    configure_logging()
    metrics = Metrics()
    jobs = metrics.jobs
    jobs.handed(7, messages=2)
    jobs.begun(5, refused=2)
    jobs.waited(0.02)
    jobs.ended("mail.send", "done")
    jobs.lost(1)
    jobs.rescued(3, quarantined=1)
    jobs.rescued(0, quarantined=0)
    jobs.failed("relay", ConnectionError("the queue is gone"))

    text, logged = metrics.exposition().decode(), capsys.readouterr().err

    for line in (
        "plangate_jobs_handed_total 7.0",
        "plangate_job_messages_total 2.0",
        "plangate_jobs_begun_total 5.0",
        "plangate_jobs_refused_total 2.0",
        'plangate_job_wait_seconds_bucket{le="0.025"} 1.0',
        'plangate_job_attempts_total{name="mail.send",status="done"} 1.0',
        "plangate_job_attempts_lost_total 1.0",
        'plangate_jobs_rescued_total{became="waiting"} 3.0',
        'plangate_jobs_rescued_total{became="quarantined"} 1.0',
        'plangate_job_failures_total{what="relay"} 1.0',
    ):
        assert line in text
    assert logged.count("jobs.rescued") == 1
    assert '"what":"relay"' in logged
    assert "the queue is gone" in logged
    structlog.reset_defaults()
