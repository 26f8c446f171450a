"""Tell the time: the only module that asks the system for it.

Whoever needs time takes a `Clock`; the bootstrap hands in the system's, tests and simulations a
`FixedClock`.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Say what time it is, and measure spans."""

    def now(self) -> datetime:
        """Return the instant, aware and in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds since some fixed point, which no clock adjustment moves."""
        ...


class SystemClock:
    """Tell the time of this machine."""

    def now(self) -> datetime:
        """Return the machine's instant, aware and in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return seconds since some fixed point of this process's machine."""
        return time.monotonic()


class FixedClock:
    """Stand still until told to advance.

    >>> clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    >>> clock.advance(timedelta(minutes=5))
    >>> clock.now().isoformat(), clock.monotonic_s()
    ('2026-01-01T00:05:00+00:00', 300.0)
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"the start is {start.isoformat()}, expected a time with its zone")
        self._start = start.astimezone(UTC)
        self._elapsed = timedelta()

    def now(self) -> datetime:
        """Return the start and what was advanced since."""
        return self._start + self._elapsed

    def monotonic_s(self) -> float:
        """Return the seconds advanced since the start."""
        return self._elapsed.total_seconds()

    def advance(self, span: timedelta) -> None:
        """Let a span of time pass.

        Raises:
            ValueError: If the span is negative: time does not run backwards.
        """
        if span < timedelta():
            raise ValueError(f"the span is {span}, expected zero or more")
        self._elapsed += span
