"""Say of each limit what is used, what is left, and when it will be used up at today's pace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from runtime.domain.limits import BudgetScope, LimitMeasure, Limits
from runtime.domain.thresholds import WARNING_PERCENT, DayCounts, daily_limits, reached
from runtime.domain.time_zone import day_end, day_start
from runtime.domain.usage_book import UsageBook

MOST_SUBJECTS: Final = 20
_HOUR: Final = timedelta(hours=1)
_ALWAYS_TOLD: Final = (
    (LimitMeasure.UNITS_A_DAY, BudgetScope.PROJECT),
    (LimitMeasure.ACTIONS_A_DAY, BudgetScope.PROJECT),
)


class LimitStatus(StrEnum):
    """Grade how near a limit is."""

    OK = "ok"
    WARNING = "warning"
    EXHAUSTED = "exhausted"
    NO_LIMIT = "no_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUse:
    """Describe the use of one limit.

    Attributes:
        scope: whose it is.
        subject: the principal or the action; None where the scope has but one, or none used any.
        measure: what it counts.
        limit: how much there is; None for no limit.
        used: how much is used.
        left: how much is left; None for no limit.
        burn_rate_per_hour: how much was used in an hour of today, on average; None for a rate.
        exhausted_at: when nothing is left at that pace, if that is before the day is over.
        status: how near it is.
        resets_at: when all of it is free again if nothing else runs.
    """

    scope: BudgetScope
    subject: str | None
    measure: LimitMeasure
    limit: int | None
    used: int
    left: int | None
    burn_rate_per_hour: float | None
    exhausted_at: datetime | None
    status: LimitStatus
    resets_at: datetime


def forecast(
    limits: Limits, book: UsageBook, *, now: datetime, principal_id: str
) -> tuple[LimitUse, ...]:
    """Return the use of each limit, rates first, then from the widest scope to the narrowest.

    Of principals and actions those that used the most are told, and always the one who asks.
    The project's own use is told even where it has no limit.
    """
    return (*_rates(limits, book, now=now), *_days(limits, book, now=now, asker=principal_id))


def _days(limits: Limits, book: UsageBook, *, now: datetime, asker: str) -> Iterator[LimitUse]:
    counts = _today(book, now=now, zone=limits.day_zone)
    bounds = {(measure, scope): limit for measure, scope, limit in daily_limits(limits)}
    day, zone = counts.day, limits.day_zone
    span = Span.of(day_start(day, zone), day_end(day, zone), now=now)
    places = dict.fromkeys((*_ALWAYS_TOLD, *bounds))
    for measure, scope in sorted(places, key=_widest_first):
        limit = bounds.get((measure, scope))
        for subject in _subjects(measure, scope, counts, asker=asker):
            used = counts.used(measure, scope, subject)
            yield span_use(measure, scope, subject, limit=limit, used=used, span=span)


def _rates(limits: Limits, book: UsageBook, *, now: datetime) -> Iterator[LimitUse]:
    usage = book.at(now).usage("")
    for measure, limit, used, free_at in (
        (LimitMeasure.PER_MINUTE, limits.per_minute, usage.last_minute, book.minute_free_at),
        (LimitMeasure.PER_HOUR, limits.per_hour, usage.last_hour, book.hour_free_at),
    ):
        yield rate_use(
            measure,
            BudgetScope.PROJECT,
            None,
            limit=limit,
            used=used,
            resets_at=(free_at(now, used=used, most=0) or now) if used else now,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Hold a day or a month so far.

    Attributes:
        now: the instant.
        hours: so many of it are over, one at least, so that a first step is no run.
        end: when it is over.
    """

    now: datetime
    hours: float
    end: datetime

    @classmethod
    def of(cls, start: datetime, end: datetime, *, now: datetime) -> Span:
        """Return the span from one instant to another, as it stands in between."""
        return cls(now=now, hours=max(now - start, _HOUR) / _HOUR, end=end)


def span_use(
    measure: LimitMeasure,
    scope: BudgetScope,
    subject: str | None,
    *,
    limit: int | None,
    used: int,
    span: Span,
) -> LimitUse:
    """Return the use of what a day or a month may use, and how long the rest of it will last."""
    exhausted_at = _exhausted_at(limit, used, span=span)
    return LimitUse(
        scope=scope,
        subject=subject,
        measure=measure,
        limit=limit,
        used=used,
        left=_left(limit, used),
        burn_rate_per_hour=round(used / span.hours, 2),
        exhausted_at=exhausted_at,
        status=_status(limit, used, ends_early=exhausted_at is not None),
        resets_at=span.end,
    )


def rate_use(
    measure: LimitMeasure,
    scope: BudgetScope,
    subject: str | None,
    *,
    limit: int | None,
    used: int,
    resets_at: datetime,
) -> LimitUse:
    """Return the use of a rate, which has no end to last to."""
    return LimitUse(
        scope=scope,
        subject=subject,
        measure=measure,
        limit=limit,
        used=used,
        left=_left(limit, used),
        burn_rate_per_hour=None,
        exhausted_at=None,
        status=_status(limit, used, ends_early=False),
        resets_at=resets_at,
    )


def _today(book: UsageBook, *, now: datetime, zone: str) -> DayCounts:
    day = book.day_at(now, zone)
    held = book if book.day == day else UsageBook(day=day)
    return DayCounts(
        day=day,
        spent=held.spent,
        done=held.done,
        principals=held.principals,
        done_by=held.done_by,
        actions=held.actions,
        done_of=held.done_of,
    )


def _subjects(
    measure: LimitMeasure, scope: BudgetScope, counts: DayCounts, *, asker: str
) -> list[str | None]:
    units = measure is LimitMeasure.UNITS_A_DAY
    if scope is BudgetScope.PRINCIPAL:
        used = counts.principals if units else counts.done_by
        most = sorted(used, key=lambda name: (-used[name], name))[:MOST_SUBJECTS]
        return [*most, *(() if asker in most else (asker,))]
    if scope is BudgetScope.ACTION:
        used = counts.actions if units else counts.done_of
        return [*sorted(used, key=lambda name: (-used[name], name))[:MOST_SUBJECTS]] or [None]
    return [None]


def _exhausted_at(limit: int | None, used: int, *, span: Span) -> datetime | None:
    if limit is None or not used:
        return None
    left = max(limit - used, 0)
    at = span.now + left * span.hours / used * _HOUR if left < used * 1e6 else span.end
    return at.replace(microsecond=0) if at < span.end else None


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(limit - used, 0)


def _status(limit: int | None, used: int, *, ends_early: bool) -> LimitStatus:
    if limit is None:
        return LimitStatus.NO_LIMIT
    if used >= limit:
        return LimitStatus.EXHAUSTED
    if ends_early or reached(used, limit, percent=WARNING_PERCENT):
        return LimitStatus.WARNING
    return LimitStatus.OK


def _widest_first(place: tuple[LimitMeasure, BudgetScope]) -> tuple[int, str]:
    measure, scope = place
    return list(BudgetScope).index(scope), measure.value
