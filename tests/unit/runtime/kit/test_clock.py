"""Tests of the clocks."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from runtime.kit.clock import Clock, FixedClock, SystemClock

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("clock", [SystemClock(), FixedClock(START)], ids=["system", "fixed"])
def test_clocks_tell_utc_and_never_run_backwards(clock: Clock) -> None:
    """Both clocks keep the contract."""
    first, first_s = clock.now(), clock.monotonic_s()

    assert first.utcoffset() == timedelta()
    assert clock.now() >= first
    assert clock.monotonic_s() >= first_s


def test_system_clock_tells_the_time() -> None:
    """Its instant lies between two readings of the machine's."""
    before = datetime.now(UTC)

    assert before <= SystemClock().now() <= datetime.now(UTC)


def test_fixed_clock_moves_only_when_told() -> None:
    """Advancing moves the instant and the monotonic seconds alike."""
    clock = FixedClock(START)
    assert (clock.now(), clock.monotonic_s()) == (START, 0.0)

    clock.advance(timedelta(seconds=90))
    clock.advance(timedelta())

    assert (clock.now(), clock.monotonic_s()) == (START + timedelta(seconds=90), 90.0)


def test_fixed_clock_turns_other_zones_into_utc() -> None:
    """A start in another zone is the same instant."""
    clock = FixedClock(datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))

    assert clock.now().isoformat() == "2026-01-01T00:00:00+00:00"


def test_fixed_clock_refuses_a_start_without_zone() -> None:
    """A naive time names no instant."""
    with pytest.raises(ValueError, match="expected a time with its zone"):
        FixedClock(START.replace(tzinfo=None))


def test_fixed_clock_refuses_to_go_back() -> None:
    """Time does not run backwards."""
    with pytest.raises(ValueError, match="expected zero or more"):
        FixedClock(START).advance(timedelta(microseconds=-1))
