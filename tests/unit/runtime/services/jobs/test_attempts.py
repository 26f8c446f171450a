"""An attempt ends done, waiting or given up, and says why in words that can be stored."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.job import MOST_BYTES, JobStatus
from runtime.domain.retry import RetryPolicy
from runtime.services.jobs.attempts import MOST_LETTERS, dead, done, failed, put_off, shown
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
