"""A message names jobs of one organization; whatever else comes is refused with a word."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.errors import JobMessageError
from runtime.kit.json_value import JsonValue
from runtime.ports.job_queue import MOST_IDS, JobMessage
from tests.rows import an_id

ORGANIZATION = an_id("org", 1)
JOB = an_id("job", 1)


def test_a_message_survives_its_spelling() -> None:
    """What a relay puts is what a worker reads."""
    message = JobMessage(organization_id=ORGANIZATION, job_ids=(JOB, an_id("job", 2)), priority=9)

    assert JobMessage.read(message.spelled()) == message
    assert JobMessage.read(message.spelled().encode()) == message


def test_members_of_a_newer_release_are_left() -> None:
    """Relays and workers of two releases run side by side while one replaces the other."""
    spelled = JobMessage(organization_id=ORGANIZATION, job_ids=(JOB,)).spelled()

    assert JobMessage.read(spelled.replace("{", '{"new": 1,', 1)).job_ids == (JOB,)


def spelled(**changes: JsonValue) -> str:
    """Spell a message, with members that are not as they must be."""
    usual = {"v": 1, "organization": ORGANIZATION, "jobs": [JOB], "priority": 1}
    return orjson.dumps({**usual, **changes}).decode()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("[]", id="a list"),
        pytest.param("{}", id="nothing in it"),
        pytest.param(spelled(organization="org_1"), id="no organization"),
        pytest.param(spelled(organization=None), id="nobody"),
        pytest.param(spelled(jobs=[]), id="no jobs"),
        pytest.param(spelled(jobs=["x"]), id="no job's id"),
        pytest.param(spelled(jobs=[1]), id="a number"),
        pytest.param(spelled(jobs=JOB), id="a text"),
        pytest.param(spelled(jobs=None), id="null"),
        pytest.param(spelled(v=2), id="version"),
        pytest.param(spelled(priority=10), id="priority"),
        pytest.param(spelled(priority=True), id="priority of another kind"),
        pytest.param(" " * 20_000, id="too long"),
    ],
)
def test_what_is_no_message_is_refused(text: str) -> None:
    """The error says what is wrong and repeats nothing of it."""
    with pytest.raises(JobMessageError):
        JobMessage.read(text)


def test_a_message_with_too_many_jobs_is_refused() -> None:
    """One message is one worker's: it has an end."""
    ids = tuple(an_id("job", number) for number in range(MOST_IDS + 1))

    with pytest.raises(JobMessageError, match="101"):
        JobMessage.read(JobMessage(organization_id=ORGANIZATION, job_ids=ids).spelled())


@given(st.text() | st.binary())
def test_whatever_comes_is_read_or_refused(text: str | bytes) -> None:
    """A broker may hold anything; nothing of it ends a worker."""
    with pytest.raises(JobMessageError):
        JobMessage.read(text)
