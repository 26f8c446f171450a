"""Say of what an organization may use how much is used, and how long the rest will last."""

from __future__ import annotations

from datetime import datetime

from runtime.domain.forecast import LimitUse, Span, rate_use, span_use
from runtime.domain.shared_limits import BudgetBound
from runtime.domain.shared_rates import RateUse
from runtime.domain.shared_use import Periods, period_end, period_start


def budget_use(
    bound: BudgetBound, subject: str | None, *, used: int, zone: str, now: datetime
) -> LimitUse:
    """Return the use of a budget in the period of an instant.

    Args:
        bound: the budgets of a scope, measure and span.
        subject: whose one of these; None: the organization's.
        used: what its counter says.
        zone: by whose midnight it renews.
        now: the instant.
    """
    period = Periods.at(now, zone).of(bound.per)
    start, end = (at(bound.per, period, zone) for at in (period_start, period_end))
    return span_use(
        bound.named,
        bound.scope,
        subject,
        limit=bound.most(subject),
        used=used,
        span=Span.of(start, end, now=now),
    )


def shared_rate_use(use: RateUse, *, organization_id: str, now: datetime) -> LimitUse:
    """Return the use of a rate; of the organization's, no subject is told."""
    window = use.window
    return rate_use(
        window.measure,
        window.scope,
        None if window.subject == organization_id else window.subject,
        limit=window.most,
        used=use.used,
        resets_at=(use.free_at or now) if use.used else now,
    )


def percent(use: LimitUse) -> int:
    """Return how much of a limit is used, rounded down; of one that allows nothing, all is."""
    return use.used * 100 // use.limit if use.limit else 100
