"""Say at which times of the week executions may run, by the clock on a wall of some zone.

Daylight saving: what counts is the time that the wall shows. A time that is skipped in spring does
not exist, so a window that lies in it does not open that day, and one that begins in it opens when
the clock has jumped. A time that comes twice in autumn counts both times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from runtime.domain.time_zone import ZoneName, zone_of

_LOOK_AHEAD: Final = timedelta(days=15)
"""Two weeks and a day: a weekly window that one change of the clock skips opens a week later."""
_STEP_S: Final = 6 * 3600


class ExecutionWindow(BaseModel):
    """Allow executions on some weekdays between two times of day, by the clocks of a zone.

    A window whose end is before its start runs past midnight and belongs to the day it starts on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: tuple[Annotated[int, Field(ge=0, le=6)], ...] = Field(
        default=(0, 1, 2, 3, 4, 5, 6), description="0 is Monday"
    )
    zone: ZoneName = Field(default="UTC", description="An IANA name, such as Europe/Berlin")
    start: time
    end: time

    @field_validator("start", "end")
    @classmethod
    def _without_zone(cls, value: time, info: ValidationInfo) -> time:
        zone = info.data.get("zone", "UTC")
        if value.tzinfo is not None and (value.utcoffset() != timedelta(0) or zone != "UTC"):
            message = f"{value} names a zone of its own; give the time on a clock of {zone}"
            raise ValueError(message)
        return value.replace(tzinfo=None, fold=0)

    def covers(self, instant: datetime) -> bool:
        """Say whether `instant` lies in the window; the end is exclusive."""
        local = instant.astimezone(zone_of(self.zone))
        clock, today = local.time(), local.weekday()
        if self.start <= self.end:
            return today in self.days and self.start <= clock < self.end
        if clock >= self.start:
            return today in self.days
        return (today - 1) % 7 in self.days and clock < self.end

    def opens_at(self, now: datetime) -> datetime | None:
        """Return the first instant from `now` on at which it is open; None: never again."""
        if self.covers(now):
            return now
        return min((at for at in self._chances(now) if at > now and self.covers(at)), default=None)

    def _chances(self, now: datetime) -> Iterator[datetime]:
        """Return the instants at which it may open: at its start, and as clocks are changed."""
        zone = zone_of(self.zone)
        today = now.astimezone(zone).date()
        for number in range(_LOOK_AHEAD.days):
            start = datetime.combine(today + timedelta(days=number), self.start, zone)
            yield start.astimezone(UTC)
            yield start.replace(fold=1).astimezone(UTC)
        yield from _clock_changes(zone, now)


def next_opening(windows: Iterable[ExecutionWindow], now: datetime) -> datetime | None:
    """Return the first instant from `now` on, in UTC, at which one of the windows is open."""
    found = (window.opens_at(now) for window in windows)
    opening = min((at for at in found if at is not None), default=None)
    return None if opening is None else opening.astimezone(UTC)


def _clock_changes(zone: tzinfo, now: datetime) -> Iterator[datetime]:
    """Return the instants after `now` at which clocks of a zone jump."""
    first = int(now.timestamp())
    last = first + int(_LOOK_AHEAD.total_seconds())
    for low in range(first, last, _STEP_S):
        if _offset(zone, low) != _offset(zone, low + _STEP_S):
            yield _change_between(zone, low, low + _STEP_S)


def _change_between(zone: tzinfo, low: int, high: int) -> datetime:
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def _offset(zone: tzinfo, second: int) -> timedelta | None:
    return datetime.fromtimestamp(second, zone).utcoffset()
