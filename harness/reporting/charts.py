"""Place figures on charts: shares of a width and a height in percent, and the ticks of axes.

Pure arithmetic; the templates draw. Percentages let a chart grow with its window while its letters
keep their size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MOST_TICKS = 5
LOG_FROM = 30
"""How many times the smallest value the largest must be before an axis turns logarithmic."""
EDGE = 6.0
"""Free room at both ends of a horizontal axis, in percent of its width."""
_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Mark a place on an axis."""

    at: float
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Turn values into places between `start` and `end` percent.

    Attributes:
        low, high: what lies at `start` and `end`.
        log: places go by the logarithm.
    """

    low: float
    high: float
    log: bool = False
    start: float = 0.0
    end: float = 100.0
    ticks: tuple[float, ...] = ()

    def at(self, value: float) -> float:
        """Return the place of a value."""
        low, high, value = (
            (math.log(self.low), math.log(self.high), math.log(value))
            if self.log
            else (self.low, self.high, value)
        )
        return round(self.start + (self.end - self.start) * (value - low) / (high - low), 2)

    @property
    def marks(self) -> tuple[Tick, ...]:
        """Return the ticks with their places."""
        return tuple(Tick(at=self.at(value), value=value) for value in self.ticks)


def share_axis(lows: Sequence[float]) -> Axis:
    """Return a vertical axis for shares: 100 % on top, below it as much as is needed."""
    low = min([0.9, *(math.floor(value * 10) / 10 for value in lows)])
    steps = round((1 - low) * 10)
    every = math.ceil(steps / MOST_TICKS)
    ticks = tuple(round(1 - step / 10, 1) for step in range(0, steps + 1, every))
    return Axis(low=low, high=1.0, start=100.0, end=0.0, ticks=ticks)


def amount_axis(values: Sequence[float], *, start: float = EDGE) -> Axis:
    """Return a horizontal axis for positive amounts, logarithmic where they differ widely."""
    low, high = min(values, default=1.0), max(values, default=1.0)
    end = 100.0 - EDGE
    if low > 0 and high / low >= LOG_FROM:
        ticks = tuple(tick for tick in _decades(low, high) if low <= tick <= high)
        return Axis(low=low, high=high, log=True, start=start, end=end, ticks=ticks)
    high = high * 1.05 or 1.0
    return Axis(low=0.0, high=high, start=start, end=end, ticks=_round_ticks(high))


def _decades(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = math.ceil((last - first + 1) / MOST_TICKS)
    factors = (1, 3) if every == 1 and last - first < MOST_TICKS // 2 + 1 else (1,)
    return [
        factor * 10.0**exponent
        for exponent in range(first, last + 1)
        if (exponent - first) % every == 0
        for factor in factors
    ]


def _round_ticks(high: float) -> tuple[float, ...]:
    unit = 10.0 ** math.floor(math.log10(high / MOST_TICKS))
    step = next(unit * factor for factor in _STEPS if high / (unit * factor) <= MOST_TICKS)
    return tuple(step * count for count in range(int(high / step) + 1))


def even_places(count: int) -> tuple[float, ...]:
    """Return evenly spaced places for so many columns.

    >>> even_places(2)
    (25.0, 75.0)
    """
    return tuple(round(100 * (at + 0.5) / count, 2) for at in range(count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Place a change and its interval around zero, in units of 200.

    Attributes:
        low, high, point: places of the interval's ends and of the change.
        margin: place of the loss that is tolerated.
    """

    low: float
    high: float
    point: float
    margin: float | None


def shift(change: float, interval: tuple[float, float], *, margin: float | None) -> Shift:
    """Return the drawing of a change; zero is in the middle.

    >>> shift(0.0, (-0.1, 0.1), margin=None)
    Shift(low=0.0, high=200.0, point=100.0, margin=None)
    """
    reach = max(abs(interval[0]), abs(interval[1]), margin or 0.0) or 1.0

    def place(value: float) -> float:
        return round(100 + 100 * value / reach, 1)

    return Shift(
        low=place(interval[0]),
        high=place(interval[1]),
        point=place(change),
        margin=None if margin is None else place(-margin),
    )
