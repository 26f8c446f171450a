"""What is left of what projects share is told, how long it lasts, and when it renews."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from runtime.domain.forecast import LimitStatus
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.shared_forecast import budget_use, percent, shared_rate_use
from runtime.domain.shared_limits import (
    Budget,
    BudgetBound,
    BudgetMeasure,
    BudgetSpan,
    OrganizationLimits,
    SharedLimits,
)
from runtime.domain.shared_rates import RateUse, RateWindow

NOON: Final = datetime(2026, 1, 11, 12, tzinfo=UTC)


def a_bound(per: BudgetSpan, *, most: int = 100) -> BudgetBound:
    """Build a budget of money of the organization."""
    budget = Budget(scope=BudgetScope.ORGANIZATION, measure=BudgetMeasure.MONEY, per=per, most=most)
    return SharedLimits(number=1, document=OrganizationLimits(budgets=(budget,))).bounds[0]


def test_a_month_lasts_as_long_as_its_pace_says() -> None:
    """42 of 100 in ten and a half days are four a day; the rest lasts fourteen and a half more."""
    use = budget_use(a_bound(BudgetSpan.MONTH), None, used=42, zone="UTC", now=NOON)

    assert (use.measure.value, use.used, use.left, use.limit) == ("money_a_month", 42, 58, 100)
    assert use.burn_rate_per_hour == round(4 / 24, 2)
    assert use.exhausted_at == NOON + timedelta(days=14.5)
    assert use.resets_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert use.status is LimitStatus.WARNING


def test_a_day_renews_at_midnight_of_the_zone() -> None:
    """By the calendars of that place."""
    use = budget_use(a_bound(BudgetSpan.DAY), None, used=1, zone="Asia/Tokyo", now=NOON)

    assert use.measure is LimitMeasure.MONEY_A_DAY
    assert use.resets_at == datetime(2026, 1, 11, 15, tzinfo=UTC)
    assert (use.status, use.exhausted_at) == (LimitStatus.OK, None)


@pytest.mark.parametrize(
    ("used", "free_at", "subject", "resets_at"),
    [
        pytest.param(3, NOON + timedelta(seconds=9), "acme", 9, id="it is free later"),
        pytest.param(0, None, "acme", 0, id="it is free now"),
        pytest.param(3, None, "prj_1", 0, id="of a project"),
    ],
)
def test_a_rate_is_free_when_its_window_has_passed(
    used: int, free_at: datetime | None, subject: str, resets_at: int
) -> None:
    """It has no pace; the organization's own has no subject."""
    window = RateWindow(
        scope=BudgetScope.ORGANIZATION, subject=subject, measure=LimitMeasure.PER_HOUR, most=4
    )

    use = shared_rate_use(
        RateUse(window=window, used=used, free_at=free_at), organization_id="acme", now=NOON
    )

    assert (use.used, use.left, use.limit, use.burn_rate_per_hour) == (used, 4 - used, 4, None)
    assert use.subject == (None if subject == "acme" else subject)
    assert use.resets_at == NOON + timedelta(seconds=resets_at)


@pytest.mark.parametrize(
    ("used", "most", "expected"),
    [(0, 10, 0), (5, 10, 50), (999, 1000, 99), (1000, 1000, 100), (3, 2, 150), (0, 0, 100)],
)
def test_a_share_is_rounded_down(used: int, most: int, expected: int) -> None:
    """100 is told when nothing is left, and not before."""
    use = budget_use(a_bound(BudgetSpan.DAY, most=most), None, used=used, zone="UTC", now=NOON)

    assert percent(use) == expected
