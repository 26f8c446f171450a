"""Hold cron and daylight saving to an oracle that knows neither folds nor gaps.

The oracle lets every minute of real time pass, looks at what the clocks on the wall show, and
remembers what they showed before. It reads an expression from the parts that it was made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.domain.cron import parse_cron
from runtime.domain.schedule_timing import Timing

MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
_HOURS: Final = frozenset(range(24))
_CHANGES: Final = (
    ("Europe/Berlin", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25T01:00"),
    ("America/New_York", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01T06:00"),
    ("America/Havana", "2026-03-08T05:00"),  # midnight itself is skipped
    ("America/Havana", "2026-11-01T05:00"),  # and comes twice
    ("America/Sao_Paulo", "2018-11-04T03:00"),
    ("America/Sao_Paulo", "2019-02-17T02:00"),  # back to the evening before
    ("America/St_Johns", "2010-03-14T03:31"),
    ("America/St_Johns", "2010-11-07T02:31"),  # back from 00:01
    ("Australia/Lord_Howe", "2026-04-04T15:00"),  # half an hour
    ("Australia/Lord_Howe", "2026-10-03T15:30"),
    ("Africa/Casablanca", "2026-02-15T02:00"),
    ("Africa/Casablanca", "2026-03-22T02:00"),
    ("Antarctica/Troll", "2026-03-29T01:00"),  # two hours
    ("Antarctica/Troll", "2026-10-25T01:00"),
    ("Pacific/Apia", "2011-12-30T10:00"),  # a whole day
    ("Pacific/Kwajalein", "1993-08-21T12:00"),
    ("Asia/Kathmandu", "1985-12-31T18:30"),  # a quarter of an hour, and no summer since
    ("Asia/Pyongyang", "2018-05-04T15:00"),
    ("UTC", "2026-03-29T01:00"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Hold a field as it is written, and what an oracle asks of a number."""

    text: str
    means: Callable[[int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Hold an expression as parts: minute, hour, day, month, weekday."""

    parts: tuple[Part, Part, Part, Part, Part]

    @property
    def text(self) -> str:
        """Spell it."""
        return " ".join(part.text for part in self.parts)

    @property
    def every_hour(self) -> bool:
        """Say whether no hour is left out."""
        return all(map(self.parts[1].means, _HOURS))

    def fits(self, wall: datetime) -> bool:
        """Say whether it means what a clock shows."""
        minute, hour, day, month, weekday = self.parts
        number = wall.isoweekday()
        by_weekday = weekday.means(number) or (number == 7 and weekday.means(0))
        by_day = day.means(wall.day)
        if day.text[0] == "*" or weekday.text[0] == "*":
            meant = by_day and by_weekday
        else:
            meant = by_day or by_weekday
        return (
            minute.means(wall.minute)
            and hour.means(wall.hour)
            and month.means(wall.month)
            and meant
        )


def _joined(parts: list[Part]) -> Part:
    return Part(
        text=",".join(part.text for part in parts),
        means=lambda number: any(part.means(number) for part in parts),
    )


def _parts(low: int, high: int) -> st.SearchStrategy[Part]:
    """Draw what one field may say, restricted seldom enough that something comes of it."""

    def span(first: int, last: int, step: int) -> Part:
        first, last = sorted((first, last))
        text = f"{first}-{last}" if step == 1 or first == last else f"{first}-{last}/{step}"
        every = 1 if first == last else step
        return Part(
            text=text,
            means=lambda number: first <= number <= last and (number - first) % every == 0,
        )

    numbers = st.integers(low, high)
    number = numbers.map(lambda one: Part(text=str(one), means=lambda found: found == one))
    stepped = st.integers(2, max(2, high // 2)).map(
        lambda step: Part(text=f"*/{step}", means=lambda found: (found - low) % step == 0)
    )
    ranged = st.builds(span, numbers, numbers, st.integers(1, min(high, 9)))
    every = st.just(Part(text="*", means=lambda _: True))
    listed = st.lists(st.one_of(number, ranged), min_size=1, max_size=3).map(_joined)
    return st.one_of(every, number, stepped, listed)


_DAYS = st.one_of(st.just(Part(text="*", means=lambda _: True)), _parts(1, 28))
_MONTHS = st.just(Part(text="*", means=lambda _: True))
_WEEKDAYS = st.one_of(st.just(Part(text="*", means=lambda _: True)), _parts(0, 7))
_WRITTEN = st.tuples(_parts(0, 59), _parts(0, 23), _DAYS, _MONTHS, _WEEKDAYS).map(
    lambda parts: Written(parts=parts)
)


def _oracle(written: Written, zone: str, first: datetime, last: datetime) -> Iterator[datetime]:
    """Yield the instants after the first up to the last, minute by minute."""
    shown: set[datetime] = set()
    before: datetime | None = None
    at = first - 3 * DAY
    while at <= last:
        wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        skipped = [] if before is None else list(_minutes(before + MINUTE, wall))
        due = written.fits(wall) and (written.every_hour or wall not in shown)
        if not written.every_hour:
            due = due or any(written.fits(time) and time not in shown for time in skipped)
        if due and at > first:
            yield at
        shown.update((wall, *skipped))
        before = wall
        at += MINUTE


def _minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += MINUTE


def _written(text: str) -> Written:
    """Read an expression of plain numbers and stars, for the examples."""
    parts = tuple(
        Part(text=part, means=lambda found, part=part: part == "*" or found == int(part))  # type: ignore[misc]  # bound at once
        for part in text.split()
    )
    minute, hour, day, month, weekday = parts
    return Written(parts=(minute, hour, day, month, weekday))


@settings(max_examples=150, deadline=None)
@given(written=_WRITTEN, change=st.sampled_from(_CHANGES), lead_h=st.integers(0, 50))
@example(written=_written("30 2 * * *"), change=_CHANGES[0], lead_h=30)
@example(written=_written("30 2 * * *"), change=_CHANGES[1], lead_h=30)
@example(written=_written("30 * * * *"), change=_CHANGES[1], lead_h=3)
@example(written=_written("0 0 * * *"), change=_CHANGES[4], lead_h=30)
@example(written=_written("0 0 * * *"), change=_CHANGES[9], lead_h=30)
@example(written=_written("30 23 * * *"), change=_CHANGES[7], lead_h=30)
@example(written=_written("0 9 * * *"), change=_CHANGES[16], lead_h=30)
def test_what_comes_is_what_clocks_on_walls_show(
    written: Written, change: tuple[str, str], lead_h: int
) -> None:
    """Around every kind of change: nothing is left out, comes twice, or comes at another time."""
    zone, told = change
    first = datetime.fromisoformat(told).replace(tzinfo=UTC) - timedelta(hours=lead_h)
    last = first + 3 * DAY
    timing = Timing(cron=parse_cron(written.text), zone=zone)

    expected = tuple(_oracle(written, zone, first, last))

    assert timing.newest_between(first, last, most=10_000) == expected
    assert _one_by_one(timing, first, last, most=40) == expected[:40]


def _one_by_one(
    timing: Timing, first: datetime, last: datetime, *, most: int
) -> tuple[datetime, ...]:
    found: list[datetime] = []
    at = timing.next_after(first)
    while at <= last and len(found) < most:
        found.append(at)
        at = timing.next_after(at)
    return tuple(found)


@settings(max_examples=60, deadline=None)
@given(
    written=_WRITTEN,
    zone=st.sampled_from(sorted({zone for zone, _ in _CHANGES})),
    first=st.datetimes(datetime(1995, 1, 1), datetime(2037, 1, 1)),  # noqa: DTZ001  # in UTC below
    cuts=st.lists(st.integers(0, 5 * 24 * 60), max_size=8),
    most=st.integers(1, 50),
)
def test_however_often_one_looks_the_same_comes(
    written: Written, zone: str, first: datetime, cuts: list[int], most: int
) -> None:
    """Spans that follow each other hold together what the whole holds, each instant once."""
    start = first.replace(tzinfo=UTC)
    timing = Timing(cron=parse_cron(written.text), zone=zone)
    edges = [start, *(start + cut * MINUTE for cut in sorted(cuts)), start + 5 * DAY]

    whole = timing.newest_between(start, edges[-1], most=10_000)
    pieces = [
        at
        for after, until in pairwise(edges)
        for at in timing.newest_between(after, until, most=10_000)
    ]

    assert tuple(pieces) == whole
    assert timing.newest_between(start, edges[-1], most=most) == whole[-most:]
