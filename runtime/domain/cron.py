"""Read cron expressions: five fields that say at which times, on which days.

Minute, hour, day of the month, month, day of the week; each `*`, a number, a range, any of them
in a list, and `*` or a range with a step. Months and weekdays may be named; 0 and 7 are Sunday.
Where both kinds of day are restricted, one of them is enough (Source: crontab(5)); a field that
begins with `*` restricts nothing in that sense. What never comes, such as the 31st of February, is
refused. Zones and instants are `schedule_timing`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

MOST_LETTERS: Final = 200
_HOURS_OF_A_DAY: Final = 24
_DAYS_OF_A_WEEK: Final = 7
_LONGEST: Final = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_ITEM: Final = re.compile(
    r"(?:(?P<all>\*)|(?P<low>[0-9]{1,2}|[A-Z]{3})(?:-(?P<high>[0-9]{1,2}|[A-Z]{3}))?)"
    r"(?:/(?P<step>[0-9]{1,2}))?"
)
_MONTHS: Final = (
    "JAN",
    "FEB",
    "MAR",
    "APR",
    "MAY",
    "JUN",
    "JUL",
    "AUG",
    "SEP",
    "OCT",
    "NOV",
    "DEC",
)
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_NAMELESS: Final[Mapping[str, int]] = MappingProxyType({})


class CronError(ValueError):
    """Report a text that is no cron expression, or one that never comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """Hold what an expression means.

    Attributes:
        text: as it was written, in capitals, with single spaces.
        minutes: of an hour, sorted.
        hours: of a day, sorted.
        days: of a month.
        months: of a year.
        weekdays: 0 is Sunday.
        either: a day is meant by its number or by its weekday, and not only by both.
    """

    text: str
    minutes: tuple[int, ...] = field(repr=False)
    hours: tuple[int, ...] = field(repr=False)
    days: frozenset[int] = field(repr=False)
    months: frozenset[int] = field(repr=False)
    weekdays: frozenset[int] = field(repr=False)
    either: bool = field(repr=False)

    @property
    def every_hour(self) -> bool:
        """Say whether no hour of the day is left out."""
        return len(self.hours) == _HOURS_OF_A_DAY

    def covers(self, day: date) -> bool:
        """Say whether a day of the calendar is meant."""
        if day.month not in self.months:
            return False
        by_number = day.day in self.days
        by_weekday = day.isoweekday() % _DAYS_OF_A_WEEK in self.weekdays
        return by_number or by_weekday if self.either else by_number and by_weekday


def parse_cron(text: str) -> Cron:
    """Return what a cron expression means.

    Raises:
        CronError: it is none, or never comes; the message names the field.

    >>> parse_cron("*/30 9-17 * * mon-fri").minutes
    (0, 30)
    """
    if len(text) > MOST_LETTERS:
        raise CronError(f"cron has {len(text)} letters, at most {MOST_LETTERS} may be")
    written = text.upper().split()
    if len(written) != len(_FIELDS):
        raise CronError(
            f"cron has {len(written)} fields, expected {len(_FIELDS)}: "
            f"{', '.join(item.name for item in _FIELDS)}"
        )
    minutes, hours, days, months, weekdays = (
        kind.values(part) for kind, part in zip(_FIELDS, written, strict=True)
    )
    starred_days, starred_weekdays = written[2].startswith("*"), written[4].startswith("*")
    either = not starred_days and not starred_weekdays
    if not either and not any(min(days) <= _LONGEST[month] for month in months):
        raise CronError(f"cron '{written[2]} {written[3]}' never comes: no such month is that long")
    return Cron(
        text=" ".join(written),
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=days,
        months=months,
        weekdays=frozenset(day % _DAYS_OF_A_WEEK for day in weekdays),
        either=either,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """Know the numbers and names of one field."""

    name: str
    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=lambda: _NAMELESS)

    def values(self, written: str) -> frozenset[int]:
        found: set[int] = set()
        for item in written.split(","):
            found.update(self._item(item))
        return frozenset(found)

    def _item(self, item: str) -> range:
        match = _ITEM.fullmatch(item)
        if match is None:
            raise self._wrong(item, "expected '*', a number, a range or a step such as '*/5'")
        if match["all"]:
            low, high = self.low, self.high
        else:
            low = self._number(match["low"])
            high = low if match["high"] is None else self._high(match["high"], low=low)
        if high < low:
            raise self._wrong(item, "its range ends before it begins")
        if match["step"] is None:
            return range(low, high + 1)
        return range(low, high + 1, self._step(item, match["step"], ranged=high > low))

    def _high(self, written: str, *, low: int) -> int:
        """Return the end of a range; a Sunday after other days is the seventh."""
        high = self._number(written)
        return _DAYS_OF_A_WEEK if high == 0 < low and self.names is _BY_WEEKDAY else high

    def _step(self, item: str, written: str, *, ranged: bool) -> int:
        step = int(written)
        if not ranged:
            raise self._wrong(item, "a step needs '*' or a range before it")
        if not 1 <= step <= self.high:
            raise self._wrong(item, f"a step is 1 to {self.high}")
        return step

    def _number(self, written: str) -> int:
        number = int(written) if written.isdigit() else self.names.get(written, -1)
        if not self.low <= number <= self.high:
            named = f", or {'/'.join(self.names)}" if self.names else ""
            raise self._wrong(written, f"expected {self.low} to {self.high}{named}")
        return number

    def _wrong(self, item: str, problem: str) -> CronError:
        return CronError(f"cron's {self.name} '{item[:20]}' can't be used: {problem}")


_BY_MONTH: Final = MappingProxyType({name: number for number, name in enumerate(_MONTHS, start=1)})
_BY_WEEKDAY: Final = MappingProxyType({name: number for number, name in enumerate(_WEEKDAYS)})
_FIELDS: Final = (
    _Field(name="minute", low=0, high=59),
    _Field(name="hour", low=0, high=23),
    _Field(name="day of the month", low=1, high=31),
    _Field(name="month", low=1, high=12, names=_BY_MONTH),
    _Field(name="day of the week", low=0, high=7, names=_BY_WEEKDAY),
)
