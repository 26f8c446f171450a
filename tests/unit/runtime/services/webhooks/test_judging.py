"""What an attempt means for its delivery, for all others of its endpoint, and for the endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.webhook import (
    DISABLED_AFTER,
    GIVEN_UP_AFTER,
    OPENED_AFTER,
    Delivery,
    DeliveryAttempt,
    DeliveryCause,
    DeliveryStatus,
    Endpoint,
)
from runtime.domain.webhook_verdict import Health, fate_of
from runtime.services.webhooks.judging import LOOKS_EVERY, TOO_OLD, Judging, unsendable
from runtime.services.webhooks.sending import Attempted

NOW: Final = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LETTERS: Final = "01KDVDNA00ADB7E3Q4XN5M6WZT"


def a_judging(*, failures: int = 0, since: datetime | None = None) -> Judging:
    """Return a judging of an endpoint that has failed some times."""
    judging = Judging(lambda: 0.5)
    judging.adopt(
        Endpoint(
            id=f"whe_{LETTERS}",
            organization_id=f"org_{LETTERS}",
            project_id=None,
            name="n",
            sealed_url=b"",
            shown_url="https://a.example",
            failures=failures,
            failing_since=since or (NOW if failures else None),
            created_at=NOW,
            created_by=f"mem_{LETTERS}",
            updated_at=NOW,
        )
    )
    return judging


def a_delivery(*, attempts: int = 0, age: timedelta = timedelta()) -> Delivery:
    """Return a delivery that is due."""
    return Delivery(
        id=f"whd_{LETTERS}",
        endpoint_id=f"whe_{LETTERS}",
        event_id=f"evt_{LETTERS}",
        event_type="plan.executed",
        cause=DeliveryCause.EVENT,
        status=DeliveryStatus.WAITING,
        attempts=attempts,
        entity="",
        due_at=NOW - timedelta(seconds=1),
        created_at=NOW - age,
    )


def answered(
    status: int | None, *, delivery: Delivery | None = None, wish_s: float | None = None
) -> Attempted:
    """Return an attempt with its answer; None: there was none."""
    tried = delivery or a_delivery()
    attempt = DeliveryAttempt(
        delivery_id=tried.id,
        number=tried.attempts + 1,
        at=NOW,
        status_code=status,
        took_ms=3,
        error="nobody listens" if status is None else None,
    )
    return Attempted(attempt=attempt, fate=fate_of(status), wish_s=wish_s)


def test_what_was_taken_ends_and_makes_the_endpoint_well() -> None:
    """However long it had failed before."""
    judging, delivery = a_judging(failures=9), a_delivery(attempts=3)

    end = judging.end_of(delivery, answered(204, delivery=delivery), now=NOW)

    assert (end.status, end.ended_at, end.reason) == (DeliveryStatus.DELIVERED, NOW, None)
    assert end.attempt.number == 4
    assert judging.health == Health()


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param(500, "The last answer was 500.", id="an error"),
        pytest.param(301, "The last answer was 301.", id="a redirect is not followed"),
        pytest.param(None, "There was no answer: nobody listens.", id="nobody answers"),
    ],
)
def test_what_was_refused_is_tried_again_and_says_why(status: int | None, reason: str) -> None:
    """The others of the endpoint need not wait for that."""
    judging = a_judging()

    end = judging.end_of(a_delivery(), answered(status), now=NOW)

    assert (end.status, end.ended_at, end.reason) == (DeliveryStatus.WAITING, None, reason)
    assert end.due_at == NOW + timedelta(seconds=5)
    assert judging.health == Health(failures=1, failing_since=NOW)
    assert not judging.rests(NOW)


def test_who_wants_to_be_left_alone_with_one_is_only_left_alone_with_that() -> None:
    """What it says of an error is of that delivery."""
    judging = a_judging()

    end = judging.end_of(a_delivery(), answered(500, wish_s=90.0), now=NOW)

    assert end.due_at == NOW + timedelta(seconds=90)
    assert not judging.rests(NOW)


def test_who_is_busy_rests_with_all_and_in_the_same_order() -> None:
    """The delivery stays due where it was, so that it is the first one afterwards."""
    judging, delivery = a_judging(), a_delivery()

    end = judging.end_of(delivery, answered(429, wish_s=60.0), now=NOW)

    assert (end.status, end.due_at) == (DeliveryStatus.WAITING, delivery.due_at)
    assert judging.rests_until == NOW + timedelta(seconds=60)
    assert judging.rests(NOW + timedelta(seconds=59))
    assert not judging.rests(NOW + timedelta(seconds=60))


def test_a_rest_is_not_made_shorter_by_a_later_answer() -> None:
    """Answers to what was under way come in any order."""
    judging = a_judging()
    judging.end_of(a_delivery(), answered(503, wish_s=600.0), now=NOW)

    judging.end_of(a_delivery(), answered(503, wish_s=1.0), now=NOW)

    assert judging.rests_until == NOW + timedelta(seconds=600)


def test_the_fifth_failure_in_a_row_opens_and_the_fourth_does_not() -> None:
    """From then on all rest, and longer with each probe that fails."""
    judging = a_judging(failures=OPENED_AFTER - 2)
    fourth = judging.end_of(a_delivery(), answered(500), now=NOW)
    rested_early = judging.rests(NOW)
    dues, rests = list[datetime](), list[timedelta]()
    for _ in range(3):
        dues.append(judging.end_of(a_delivery(), answered(500), now=NOW).due_at)
        assert judging.rests_until is not None
        rests.append(judging.rests_until - NOW)

    assert fourth.due_at > NOW
    assert not rested_early
    assert dues == [a_delivery().due_at] * 3
    assert rests == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]


def test_who_is_gone_fails_at_once_with_what_was_sent() -> None:
    """It said itself that it wants nothing any more."""
    judging = a_judging()

    end = judging.end_of(a_delivery(), answered(410), now=NOW)

    assert (end.status, end.reason) == (DeliveryStatus.FAILED, "The last answer was 410.")
    assert judging.failed is not None
    assert "410" in judging.failed


@pytest.mark.parametrize(
    ("age", "status"),
    [
        pytest.param(GIVEN_UP_AFTER - timedelta(seconds=1), DeliveryStatus.WAITING, id="not yet"),
        pytest.param(GIVEN_UP_AFTER, DeliveryStatus.FAILED, id="its time is over"),
    ],
)
def test_a_delivery_is_given_up_at_its_age(age: timedelta, status: DeliveryStatus) -> None:
    """With the last answer beside the reason."""
    end = a_judging().end_of(a_delivery(age=age), answered(500), now=NOW)

    given_up = status is DeliveryStatus.FAILED
    assert end.status is status
    assert end.reason == (f"{TOO_OLD} " if given_up else "") + "The last answer was 500."
    assert (end.ended_at == NOW) is given_up


@pytest.mark.parametrize(
    ("failing", "fails"),
    [
        pytest.param(DISABLED_AFTER - timedelta(seconds=1), False, id="not yet"),
        pytest.param(DISABLED_AFTER, True, id="for too long"),
    ],
)
def test_an_endpoint_fails_that_took_nothing_for_too_long(failing: timedelta, fails: bool) -> None:  # noqa: FBT001
    """Its delivery waits on: a person may enable it again."""
    judging = a_judging(failures=7, since=NOW - failing)

    end = judging.end_of(a_delivery(), answered(500), now=NOW)

    assert end.status is DeliveryStatus.WAITING
    assert (judging.failed is not None) is fails


def test_what_can_not_be_sent_fails_and_nobody_is_to_blame() -> None:
    """It is an attempt all the same, which tells why."""
    end = unsendable(a_delivery(attempts=2), "it can't be spelled", now=NOW)

    assert (end.status, end.reason) == (DeliveryStatus.FAILED, "it can't be spelled")
    assert (end.attempt.number, end.attempt.error) == (3, "it can't be spelled")
    assert end.attempt.status_code is None


def test_what_is_too_old_is_looked_for_at_first_and_now_and_then() -> None:
    """Not with every look at a lane."""
    judging = a_judging()
    instants = (NOW, NOW + LOOKS_EVERY / 2, NOW + LOOKS_EVERY, NOW + LOOKS_EVERY * 1.5)

    assert [judging.looks_for_old(at) for at in instants] == [True, False, True, False]


@given(
    statuses=st.lists(st.sampled_from([204, 301, 429, 500, 503, None]), max_size=12),
    chance=st.floats(0.0, 1.0, exclude_max=True),
)
def test_health_is_what_the_answers_since_the_last_taken_one_say(
    statuses: Sequence[int | None], chance: float
) -> None:
    """And what waits on is due, unless its own time to wait began now."""
    judging, delivery = Judging(lambda: chance), a_delivery()
    for number, status in enumerate(statuses):
        now = NOW + timedelta(seconds=number)
        tried = replace(delivery, attempts=number)
        end = judging.end_of(tried, answered(status, delivery=tried), now=now)
        assert (end.status is DeliveryStatus.DELIVERED) is (status == 204)
        assert end.due_at > now or judging.rests(now) or status == 204

    since = statuses[::-1].index(204) if 204 in statuses else len(statuses)
    began = None if since == 0 else NOW + timedelta(seconds=len(statuses) - since)
    assert judging.health == Health(failures=since, failing_since=began)
    assert judging.health.open is (since >= OPENED_AFTER)
    assert judging.failed is None
