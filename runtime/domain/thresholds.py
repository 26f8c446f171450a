"""Say when a budget or a quota of the day is half, nearly or wholly used, once a day each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

from runtime.domain.limits import BudgetScope, LimitMeasure, Limits

PERCENTS: Final = (50, 80, 90, 100)
_FIRST: Final = PERCENTS[0]
WARNING_PERCENT: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCounts:
    """Count units spent and actions done of one day, in all, by principal and by action."""

    day: str
    spent: int
    done: int
    principals: Mapping[str, int]
    done_by: Mapping[str, int]
    actions: Mapping[str, int]
    done_of: Mapping[str, int]

    def used(self, measure: LimitMeasure, scope: BudgetScope, subject: str | None) -> int:
        """Return what counts against a budget or a quota."""
        units = measure is LimitMeasure.UNITS_A_DAY
        if scope is BudgetScope.ACTION:
            return (self.actions if units else self.done_of).get(subject or "", 0)
        if scope is BudgetScope.PRINCIPAL:
            return (self.principals if units else self.done_by).get(subject or "", 0)
        return self.spent if units else self.done


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Say that a threshold of a limit was reached.

    Attributes:
        measure: units or actions a day.
        scope: whose limit it is.
        subject: the principal or the action; None where the scope has but one.
        percent: which threshold.
        used: how much is used now.
        limit: of how much.
        period: the day, as `2026-01-31`.
    """

    measure: LimitMeasure
    scope: BudgetScope
    subject: str | None
    percent: int
    used: int
    limit: int
    period: str

    @property
    def key(self) -> str:
        """Name the limit for what was told of it; one that was changed is told of anew."""
        return _key(self.measure, self.scope, self.subject, limit=self.limit)


def silent_below(limits: Limits) -> tuple[float, float]:
    """Return the units and the actions of a day below which no threshold can be reached."""
    return _half_of_least(limits.budgets), _half_of_least(limits.quotas)


def _half_of_least(bounds: Mapping[BudgetScope, int]) -> float:
    return min(bounds.values()) * _FIRST / 100 if bounds else inf


def crossings(
    limits: Limits,
    counts: DayCounts,
    *,
    principal_id: str,
    actions: Iterable[str],
    told: Mapping[str, int],
) -> tuple[Crossing, ...]:
    """Return the thresholds that are reached and were not told of, by limit, ascending.

    Args:
        limits: what the project allows.
        counts: of the day.
        principal_id: whose plan was charged last.
        actions: the names of what it did.
        told: the highest percentage that was told, by `Crossing.key`.
    """
    subjects: dict[BudgetScope, tuple[str | None, ...]] = {
        BudgetScope.ORGANIZATION: (None,),
        BudgetScope.PROJECT: (None,),
        BudgetScope.PRINCIPAL: (principal_id,),
        BudgetScope.ACTION: tuple(actions),
    }
    return tuple(
        crossing
        for measure, scope, limit in daily_limits(limits)
        for subject in subjects[scope]
        for crossing in _crossed(measure, scope, subject, limit=limit, counts=counts, told=told)
    )


def daily_limits(limits: Limits) -> Iterator[tuple[LimitMeasure, BudgetScope, int]]:
    """Return each budget and quota, from the widest scope to the narrowest."""
    for scope in BudgetScope:
        if scope in limits.budgets:
            yield LimitMeasure.UNITS_A_DAY, scope, limits.budgets[scope]
        if scope in limits.quotas:
            yield LimitMeasure.ACTIONS_A_DAY, scope, limits.quotas[scope]


def reached(used: int, limit: int, *, percent: int) -> bool:
    """Say whether so much of a limit is used; of one that allows nothing, anything is all."""
    return used > 0 and used * 100 >= limit * percent


def _crossed(
    measure: LimitMeasure,
    scope: BudgetScope,
    subject: str | None,
    *,
    limit: int,
    counts: DayCounts,
    told: Mapping[str, int],
) -> Iterator[Crossing]:
    used = counts.used(measure, scope, subject)
    if not reached(used, limit, percent=_FIRST):
        return
    before = told.get(_key(measure, scope, subject, limit=limit), 0)
    for percent in PERCENTS:
        if percent > before and reached(used, limit, percent=percent):
            yield Crossing(
                measure=measure,
                scope=scope,
                subject=subject,
                percent=percent,
                used=used,
                limit=limit,
                period=counts.day,
            )


def _key(measure: LimitMeasure, scope: BudgetScope, subject: str | None, *, limit: int) -> str:
    return f"{measure.value}:{scope.value}:{limit}:{subject or ''}"
