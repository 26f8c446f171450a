"""An attempt ends done, waiting or given up, and says why in words that can be stored."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.errors import QueueUnavailableError
from runtime.domain.job import MOST_BYTES, EndCause, JobStatus
from runtime.domain.retry import RetryPolicy
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.services.jobs.attempts import (
    MOST_LETTERS,
    UNKNOWN_RETRIES,
    cancelled,
    dead,
    done,
    expired,
    failed,
    put_off,
    raised,
    shown,
    unknown,
)
from runtime.services.jobs.bounded import OverdueError
from runtime.services.jobs.runner import Bounds
from tests.unit.runtime.services.jobs.jobs import a_begun_job


def test_what_came_of_a_job_is_kept_as_json() -> None:
    """The result is read as it was given."""
    end = done(a_begun_job(), {"status": 200})

    assert (end.status, orjson.loads(end.result or "")) == (JobStatus.DONE, {"status": 200})


@pytest.mark.parametrize("size", [MOST_BYTES, MOST_BYTES + 1])
def test_the_largest_result_is_kept_and_a_larger_one_is_not(size: int) -> None:
    """The bound is the one of the table, to the byte."""
    end = done(a_begun_job(), {"a": "x" * (size - len('{"a":""}'))})

    assert (end.result == "{}") is (size > MOST_BYTES)
    assert (end.reason is None) is (size == MOST_BYTES)


def test_the_last_failure_is_the_end() -> None:
    """As many failures as the policy allows, with the last reason."""
    retries = RetryPolicy(errors=3)

    ends = [failed(a_begun_job(errors=errors), "off", retries, jitter=0.5) for errors in range(3)]

    assert [end.status for end in ends] == [JobStatus.WAITING, JobStatus.WAITING, JobStatus.DEAD]
    assert all(end.failed for end in ends)
    assert ends[-1].reason == "failed 3 times, at last: off"


def test_what_could_not_be_tried_is_no_failure() -> None:
    """Nothing counts against a job that nobody could ask for."""
    end = put_off(a_begun_job(), "rules are down", wait_s=3.0)

    assert (end.status, end.failed, end.wait_s) == (JobStatus.WAITING, False, 3.0)


def test_an_end_is_under_the_fence_of_its_attempt() -> None:
    """Who began later is not ended by it."""
    assert dead(a_begun_job(attempt=7), "no").attempt == 7


@given(st.text())
def test_whatever_is_said_can_be_stored_on_one_line(reason: str) -> None:
    """No text of a handler keeps its end from being stored."""
    line = shown(reason)

    assert line
    assert line.isprintable()
    assert len(line) <= MOST_LETTERS
    assert line.encode()


@pytest.mark.parametrize(
    ("error", "status", "cause", "reason"),
    [
        pytest.param(PermanentError("no"), JobStatus.DEAD, EndCause.PERMANENT, "no", id="never"),
        pytest.param(RetryableError("off"), JobStatus.WAITING, EndCause.ERROR, "off", id="later"),
        pytest.param(
            OverdueError(), JobStatus.WAITING, EndCause.TIMEOUT, "not over within 3 s", id="late"
        ),
        pytest.param(
            QueueUnavailableError(reason="it ends"),
            JobStatus.WAITING,
            EndCause.ERROR,
            "the queue takes no jobs: it ends; they are kept and offered again",
            id="expected",
        ),
        pytest.param(
            ValueError("a secret"),
            JobStatus.WAITING,
            EndCause.ERROR,
            "its handler raised ValueError",
            id="strange",
        ),
    ],
)
def test_what_an_attempt_raised_is_how_it_ended(
    error: Exception, status: JobStatus, cause: EndCause, reason: str
) -> None:
    """The words of who meant them for people, and no others."""
    end = raised(a_begun_job(), error, Bounds(start_to_close_s=3.0), jitter=0.5)

    assert (end.status, end.cause, end.reason) == (status, cause, reason)


def test_the_last_failure_keeps_its_cause() -> None:
    """What is dead of time-outs says so."""
    bounds = Bounds(start_to_close_s=3.0, retries=RetryPolicy(errors=1))

    end = raised(a_begun_job(), OverdueError(), bounds, jitter=0.5)

    assert (end.status, end.cause) == (JobStatus.DEAD, EndCause.TIMEOUT)


def test_who_is_asked_for_later_is_not_tried_before() -> None:
    """The other side said when."""
    error = RetryableError("busy", after_s=30.0)

    assert raised(a_begun_job(), error, Bounds(start_to_close_s=3.0), jitter=0.5).wait_s >= 30.0


def test_what_nobody_knows_waits_for_a_newer_release() -> None:
    """Longer than a failure does, and it says why."""
    job = a_begun_job()

    end = unknown(job, "who is that", jitter=0.5)
    last = unknown(a_begun_job(errors=UNKNOWN_RETRIES.errors - 1), "who is that", jitter=0.5)

    assert (end.status, end.cause, end.wait_s) == (
        JobStatus.WAITING,
        EndCause.UNKNOWN_EFFECT,
        UNKNOWN_RETRIES.wait_s(1, jitter=0.5),
    )
    assert (last.status, last.cause) == (JobStatus.DEAD, EndCause.UNKNOWN_EFFECT)


def test_what_waited_too_long_says_how_long() -> None:
    """And how long it might have."""
    end = expired(a_begun_job(waited_s=7.25), latest_s=5.0)

    assert (end.status, end.cause) == (JobStatus.DEAD, EndCause.EXPIRED)
    assert end.reason == "it waited 7.2 s for its start, and 5 s were allowed"


def test_what_is_not_wanted_and_what_may_not_be_are_told_apart() -> None:
    """Both end cancelled."""
    ends = [
        cancelled(a_begun_job(), "unwanted"),
        cancelled(a_begun_job(), "left", cause=EndCause.DENIED),
    ]

    assert [(end.status, end.cause, end.failed) for end in ends] == [
        (JobStatus.CANCELLED, EndCause.CANCELLED, False),
        (JobStatus.CANCELLED, EndCause.DENIED, False),
    ]
