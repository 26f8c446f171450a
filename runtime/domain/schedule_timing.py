"""Say at which instants a cron expression comes due by the clocks of a zone.

An expression that leaves out hours means times of day: each comes once a day, however clocks are
changed. A time that clocks jump over comes as soon as they have jumped, together with all others of
that gap; a time that they show twice comes the first time. An expression of every hour means how
much time passes: it comes whenever clocks show it, so that no hour is without it and none has it
twice as often.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import chain, count
from typing import Final

from runtime.domain.cron import Cron
from runtime.domain.time_zone import zone_of
from runtime.domain.wall_time import instant_past_gap, instants_showing, steady_offset

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
_OVERLAP_DAYS: Final = 2
"""Where clocks change around midnight, instants of a date and of its neighbours interleave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Pair an expression with the zone whose clocks it is about."""

    cron: Cron
    zone: str

    def next_after(self, instant: datetime) -> datetime:
        """Return the first instant, in UTC, after another one."""
        zone = zone_of(self.zone)
        today = instant.astimezone(zone).date()
        found: datetime | None = None
        left = _OVERLAP_DAYS
        for number in count(-_OVERLAP_DAYS):  # each expression comes within 40 years
            span = _Span(after=instant, until=found)
            found = min(self._instants_of(today + number * _DAY, zone, span), default=found)
            if found is not None and (left := left - 1) < 0:
                return found
        raise AssertionError  # pragma: no cover  # `count` has no end

    def newest_between(
        self, after: datetime, until: datetime, *, most: int
    ) -> tuple[datetime, ...]:
        """Return the newest instants after one and up to another, that one included.

        Args:
            after: this instant and those before it are left out.
            until: the last instant that counts.
            most: how many are returned; older ones are left out.

        Returns:
            Instants in UTC, the oldest first.
        """
        if until <= after:
            return ()
        zone = zone_of(self.zone)
        first = after.astimezone(zone).date() - _OVERLAP_DAYS * _DAY
        day = until.astimezone(zone).date() + _OVERLAP_DAYS * _DAY
        span = _Span(after=after, until=until)
        found: set[datetime] = set()
        left = _OVERLAP_DAYS
        while day >= first and left > 0:
            found.update(self._instants_of(day, zone, span))
            left -= len(found) >= most
            day -= _DAY
        return tuple(sorted(found)[-most:])

    def _instants_of(self, day: date, zone: tzinfo, span: _Span) -> Iterator[datetime]:
        """Yield the instants of a day that lie in a span."""
        if not self.cron.covers(day):
            return
        midnight = datetime.combine(day, time())
        offset = steady_offset(midnight, midnight + _DAY - _MINUTE, zone)
        if offset is not None and span.misses(midnight, _DAY - _MINUTE, offset):
            return
        for hour in self.cron.hours:
            start = midnight.replace(hour=hour)
            yield from filter(span.holds, self._instants_of_hour(start, zone, span))

    def _instants_of_hour(self, start: datetime, zone: tzinfo, span: _Span) -> Iterable[datetime]:
        minutes = self.cron.minutes
        offset = steady_offset(start, start + _HOUR - _MINUTE, zone)
        if offset is None:
            walls = (start.replace(minute=minute) for minute in minutes)
            return chain.from_iterable(self._instants_at(wall, zone) for wall in walls)
        if span.misses(start, _HOUR - _MINUTE, offset):
            return ()
        begin = (start - offset).replace(tzinfo=UTC)  # as nearly always, and many times faster
        return (begin + minute * _MINUTE for minute in minutes)

    def _instants_at(self, wall: datetime, zone: tzinfo) -> tuple[datetime, ...]:
        found = instants_showing(wall, zone)
        if self.cron.every_hour:
            return found
        return found[:1] or (instant_past_gap(wall, zone),)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """Hold the instants after one and up to another; None: without end."""

    after: datetime
    until: datetime | None

    def holds(self, instant: datetime) -> bool:
        return self.after < instant and (self.until is None or instant <= self.until)

    def misses(self, wall: datetime, length: timedelta, offset: timedelta) -> bool:
        """Say whether it holds nothing of a stretch of time, which clocks show from `wall` on."""
        first = (wall - offset).replace(tzinfo=UTC)
        return first + length <= self.after or (self.until is not None and first > self.until)
