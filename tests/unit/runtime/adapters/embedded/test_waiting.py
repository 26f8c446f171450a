"""Waiting ends: when its time is over, or when somebody says so."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from runtime.adapters.embedded.waiting import pauses
from runtime.kit.clock import FixedClock


def test_waiting_goes_on_until_its_time_is_over() -> None:
    """The clock that was given decides."""
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    pause = pauses(5, clock=clock)

    before = pause()
    clock.advance(timedelta(seconds=5))

    assert (before, pause()) == (True, False)


def test_waiting_ends_when_told() -> None:
    """A stop does not have to wait for the time to pass."""
    stop = threading.Event()
    pause = pauses(3_600, stop=stop)

    before = pause()
    stop.set()

    assert (before, pause()) == (True, False)
