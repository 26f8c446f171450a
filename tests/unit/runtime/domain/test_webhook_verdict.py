"""What an answer means, and how long is waited, is decided by the answer and one random number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.webhook import DISABLED_AFTER, GIVEN_UP_AFTER, OPENED_AFTER
from runtime.domain.webhook_verdict import (
    LONGEST_PAUSE_S,
    LONGEST_WISH_S,
    WAITS_S,
    Fate,
    Health,
    fate_of,
    pause_for,
    too_old,
    wait_for,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
JITTER = st.floats(min_value=0, max_value=1, exclude_max=True)


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (200, Fate.TAKEN),
        (204, Fate.TAKEN),
        (299, Fate.TAKEN),
        (301, Fate.REFUSED),
        (308, Fate.REFUSED),
        (400, Fate.REFUSED),
        (404, Fate.REFUSED),
        (410, Fate.GONE),
        (429, Fate.BUSY),
        (500, Fate.REFUSED),
        (502, Fate.BUSY),
        (503, Fate.BUSY),
        (504, Fate.BUSY),
        (None, Fate.REFUSED),
    ],
)
def test_each_answer_has_one_meaning(status: int | None, fate: Fate) -> None:
    """Only 2xx takes; a redirection is a refusal, as nobody follows it."""
    assert fate_of(status) is fate


@given(attempts=st.integers(min_value=1, max_value=50), jitter=JITTER)
def test_waits_grow_by_the_schedule_within_a_fifth(attempts: int, jitter: float) -> None:
    """The last wait holds for all further attempts."""
    usual_s = WAITS_S[min(attempts, len(WAITS_S)) - 1]

    waited_s = wait_for(attempts, jitter=jitter).total_seconds()

    assert 0.8 * usual_s - 1e-6 <= waited_s <= 1.2 * usual_s + 1e-6


def test_a_wish_makes_a_wait_longer_and_never_shorter() -> None:
    """And a server that asks for a year gets a day."""
    assert wait_for(1, jitter=0.5, wish_s=100.0) == timedelta(seconds=100)
    assert wait_for(2, jitter=0.5, wish_s=1.0) == timedelta(seconds=60)
    assert wait_for(1, jitter=0.5, wish_s=1e9) == timedelta(seconds=LONGEST_WISH_S)
    assert pause_for(1, jitter=0.5, wish_s=-5.0) == timedelta(seconds=5)


@given(failures=st.integers(min_value=0, max_value=10_000), jitter=JITTER)
def test_pauses_grow_up_to_a_bound(failures: int, jitter: float) -> None:
    """Five seconds at first, five minutes at last."""
    paused_s = pause_for(failures, jitter=jitter).total_seconds()

    assert 4.0 - 1e-6 <= paused_s <= 1.2 * LONGEST_PAUSE_S + 1e-6


def test_an_endpoint_is_probed_after_some_failures_in_a_row() -> None:
    """And the instant of the first of them is kept."""
    health = Health()
    for number in range(OPENED_AFTER):
        assert not health.open
        health = health.after_failure(NOW + timedelta(seconds=number))

    assert health.open
    assert health.failing_since == NOW


def test_an_endpoint_is_worn_out_by_time_alone() -> None:
    """Not by how often it failed."""
    health = Health(failures=1, failing_since=NOW)

    assert not health.worn_out(NOW + DISABLED_AFTER - timedelta(seconds=1))
    assert health.worn_out(NOW + DISABLED_AFTER)
    assert not Health(failures=999).worn_out(NOW)


def test_a_delivery_is_given_up_by_its_age() -> None:
    """From the instant on."""
    assert not too_old(NOW, NOW + GIVEN_UP_AFTER - timedelta(seconds=1))
    assert too_old(NOW, NOW + GIVEN_UP_AFTER)
