"""Say what an organization has used of its budgets, by counter, and whom an action is charged to.

Pure values; what they say is stored in the counters that commits compare (`store.limit_counters`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, TypeAlias

from runtime.domain.action import Action
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.shared_limits import BudgetBound, BudgetMeasure, BudgetSpan, SharedLimits
from runtime.domain.time_zone import day_end, day_of, day_start, zone_of

Counter: TypeAlias = tuple[str, str]
"""What is counted, as `counter_key` spells it, and in which period."""
_DAY: Final = BudgetSpan.DAY
_TODAY: Final = ("today",)
_LEAST_TIME: Final = datetime.resolution
MOST_LAID_OUT: Final = 500
"""For how many actions, whose and of which day, limits keep what they are charged to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """Name the day and the month that an instant is charged to.

    Attributes:
        day: as `2026-01-31`.
        month: as `2026-01`.
    """

    day: str
    month: str

    @classmethod
    def at(cls, now: datetime, zone: str) -> Periods:
        """Return those of an instant, by the calendars of a zone."""
        day = day_of(now, zone)
        return cls(day=day, month=day[: len("2026-01")])

    def of(self, per: BudgetSpan) -> str:
        """Return the one that a budget counts."""
        return self.day if per is _DAY else self.month


@dataclass(frozen=True, slots=True, kw_only=True)
class _Today:
    begins: datetime
    ends: datetime
    periods: Periods


def periods_of(limits: SharedLimits, now: datetime) -> Periods:
    """Return the periods that an instant is charged to by the zone of limits.

    The limits keep those of the day, as each execution asks several times; but of no day on which
    clocks are changed, as one that goes back over midnight brings a day twice.
    """
    kept: _Today | None = limits.laid_out.get(_TODAY)
    if kept is not None and kept.begins <= now < kept.ends:
        return kept.periods
    zone = limits.document.zone
    periods = Periods.at(now, zone)
    begins, ends = day_start(periods.day, zone), day_end(periods.day, zone)
    clock = zone_of(zone)
    offsets = {at.astimezone(clock).utcoffset() for at in (begins, now, ends - _LEAST_TIME)}
    if len(offsets) == 1:
        lay_out(limits, _TODAY, _Today(begins=begins, ends=ends, periods=periods))
    return periods


def period_start(per: BudgetSpan, period: str, zone: str) -> datetime:
    """Return the instant, in UTC, at which a period begins."""
    return day_start(period if per is _DAY else f"{period}-01", zone)


def period_end(per: BudgetSpan, period: str, zone: str) -> datetime:
    """Return the instant, in UTC, at which a period is over and its budgets renew."""
    if per is _DAY:
        return day_end(period, zone)
    first = date.fromisoformat(f"{period}-01")
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return day_start(after.isoformat(), zone)


def counter_key(measure: LimitMeasure, scope: BudgetScope, subject: str | None) -> str:
    """Spell what is counted; one text for one budget, whatever it allows."""
    return f"{measure.value}:{scope.value}:{subject or ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Say who pays for the actions of a plan, besides the organization."""

    project: str
    principal: str

    def subject(self, scope: BudgetScope, *, action: str) -> str | None:
        """Return whom of a scope an action is charged to; None where the scope has but one."""
        if scope is BudgetScope.PROJECT:
            return self.project
        if scope is BudgetScope.PRINCIPAL:
            return self.principal
        return action if scope is BudgetScope.ACTION else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Say which counter an action is charged to, and how much there is.

    Attributes:
        bound: the budgets that say so.
        subject: whom of the bound's scope; None where it has but one.
        most: how much there is.
        counter: what counts it.
    """

    bound: BudgetBound
    subject: str | None
    most: int
    counter: Counter


def duty_of(bound: BudgetBound, *, payer: Payer, action: str, periods: Periods) -> Duty | None:
    """Return the budget, of a kind, that an action is charged to; None: there is none."""
    subject = payer.subject(bound.scope, action=action)
    most = bound.most(subject)
    if most is None:
        return None
    counter = (counter_key(bound.named, bound.scope, subject), periods.of(bound.per))
    return Duty(bound=bound, subject=subject, most=most, counter=counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCharge:
    """Say what is added to a counter.

    Attributes:
        duty: which counter, whose it is, and how much there is.
        amount: how much is added.
        room: how much may be used before, so that nothing is overspent; None: whatever is used, as
            only urgent steps are charged.
    """

    duty: Duty
    amount: int
    room: int | None

    def and_then(self, later: SharedCharge) -> SharedCharge:
        """Return both as one; what comes later needs more room, as there is more before it."""
        return SharedCharge(
            duty=later.duty,
            amount=self.amount + later.amount,
            room=self.room if later.room is None else later.room - self.amount,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Charges:
    """Say what an action uses of which budgets, from the widest scope to the narrowest.

    Attributes:
        of: whose charges they are; other environments may give its id to another action.
        all: each budget that it uses, and how much.
        quotas: those of them that count actions.
        budgets: the others.
        charged: what is added to each counter when it is done.
    """

    of: Action
    all: tuple[tuple[Duty, int], ...]
    quotas: tuple[tuple[Duty, int], ...] = field(init=False)
    budgets: tuple[tuple[Duty, int], ...] = field(init=False)
    charged: Mapping[Counter, SharedCharge] = field(init=False)

    def __post_init__(self) -> None:
        """Lay out what each execution asks for."""
        quotas = tuple(it for it in self.all if it[0].bound.measure is BudgetMeasure.ACTIONS)
        urgent = self.of.permission.urgent
        charged = {
            duty.counter: SharedCharge(
                duty=duty, amount=more, room=None if urgent else duty.most - more
            )
            for duty, more in self.all
        }
        object.__setattr__(self, "quotas", quotas)
        object.__setattr__(self, "budgets", tuple(it for it in self.all if it not in quotas))
        object.__setattr__(self, "charged", charged)


def charges_of(limits: SharedLimits, action: Action, *, payer: Payer, periods: Periods) -> Charges:
    """Return what an action uses.

    The limits keep the answer, as each step asks several times and most steps are alike.

    Args:
        limits: the organization's.
        action: what was done.
        payer: whose it is.
        periods: when.
    """
    named = (action.id, payer.project, payer.principal, periods.day)
    kept: Charges | None = limits.laid_out.get(named)
    if kept is not None and kept.of is action:
        return kept
    found = Charges(of=action, all=tuple(_charges(limits, action, payer=payer, periods=periods)))
    lay_out(limits, named, found)
    return found


def lay_out(limits: SharedLimits, named: tuple[str, ...], answer: object) -> None:
    """Let limits keep an answer, by what was asked; they keep so many at most."""
    if len(limits.laid_out) >= MOST_LAID_OUT:
        limits.laid_out.clear()
    limits.laid_out[named] = answer


def _charges(
    limits: SharedLimits, action: Action, *, payer: Payer, periods: Periods
) -> Iterator[tuple[Duty, int]]:
    for bound in limits.bounds:
        more = amount(action, bound.measure)
        duty = duty_of(bound, payer=payer, action=action.name, periods=periods) if more else None
        if duty is not None:
            yield duty, more


def amount(action: Action, measure: BudgetMeasure) -> int:
    """Return how much of a measure an action uses when it is done."""
    return _AMOUNTS[measure](action)


_AMOUNTS: Final[Mapping[BudgetMeasure, Callable[[Action], int]]] = {
    BudgetMeasure.ACTIONS: lambda _: 1,
    BudgetMeasure.UNITS: lambda action: action.cost,
    BudgetMeasure.TOKENS: lambda action: action.tokens,
    BudgetMeasure.MONEY: lambda action: action.money_micros,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedUse:
    """Say how much is used, by counter; what is not known counts as nothing.

    Attributes:
        known: what was read, or what is remembered of it.
        added: what comes on top.
    """

    known: Mapping[Counter, int] = field(default_factory=dict)
    added: Mapping[Counter, int] = field(default_factory=dict)

    def of(self, counter: Counter) -> int:
        """Return how much is used of a counter."""
        known = self.known.get(counter, 0)
        return known + self.added.get(counter, 0) if self.added else known

    def after(self, charges: Iterable[tuple[Counter, int]]) -> SharedUse:
        """Return what is used once these amounts are charged."""
        added = {**self.added}
        for counter, more in charges:
            added[counter] = added.get(counter, 0) + more
        return SharedUse(known=self.known, added=added)


NOTHING_SHARED: Final = SharedUse()
