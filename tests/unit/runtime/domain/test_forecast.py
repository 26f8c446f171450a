"""A forecast says of each limit what is used, what is left, and when it will be used up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.forecast import MOST_SUBJECTS, LimitStatus, LimitUse, forecast
from runtime.domain.limits import BudgetScope, LimitMeasure, Limits
from runtime.domain.usage_book import UsageBook

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
NOON_S = int(NOON.timestamp())
MIDNIGHT = datetime(2026, 1, 6, tzinfo=UTC)


def used(units: int, **changes: object) -> UsageBook:
    """Build the book of a day on which ann spent so much, in as many actions."""
    return UsageBook(
        day="2026-01-05",
        spent=units,
        principals={"ann": units},
        actions={"box.put": units},
        done=units,
        done_by={"ann": units},
        done_of={"box.put": units},
        **changes,  # type: ignore[arg-type]  # of the book's
    )


def told(
    limits: Limits, book: UsageBook, *, now: datetime = NOON, asker: str = "ann"
) -> dict[tuple[str, str, str | None], LimitUse]:
    """Return a forecast by measure, scope and subject."""
    found = forecast(limits, book, now=now, principal_id=asker)
    return {(item.measure.value, item.scope.value, item.subject): item for item in found}


def project_budget(limit: int, book: UsageBook, *, now: datetime = NOON) -> LimitUse:
    """Return the use of a project's budget."""
    found = told(Limits(budgets={BudgetScope.PROJECT: limit}), book, now=now)
    return found["units_a_day", "project", None]


def test_a_new_project_without_limits_is_told_of_all_the_same() -> None:
    """Rates, units and actions of the project: none used, no limit."""
    found = told(Limits(), UsageBook())

    assert [key[:2] for key in found] == [
        ("per_minute", "project"), ("per_hour", "project"),
        ("actions_a_day", "project"), ("units_a_day", "project"),
    ]  # fmt: skip
    assert {item.status for item in found.values()} == {LimitStatus.NO_LIMIT}
    assert {(item.used, item.left, item.limit) for item in found.values()} == {(0, None, None)}


def test_what_is_left_lasts_as_long_as_todays_pace_says() -> None:
    """48 units in twelve hours are four an hour; 24 more last six hours."""
    use = project_budget(72, used(48))

    assert (use.used, use.left, use.burn_rate_per_hour) == (48, 24, 4.0)
    assert use.exhausted_at == NOON + timedelta(hours=6)
    assert (use.status, use.resets_at) == (LimitStatus.WARNING, MIDNIGHT)


@pytest.mark.parametrize(
    ("limit", "status", "exhausted_at"),
    [
        pytest.param(97, LimitStatus.OK, None, id="it lasts for the day"),
        pytest.param(10**15, LimitStatus.OK, None, id="it lasts for ages"),
        pytest.param(95, LimitStatus.WARNING, "23:45", id="it ends before the day does"),
        pytest.param(60, LimitStatus.WARNING, "15:00", id="80 % are used"),
        pytest.param(48, LimitStatus.EXHAUSTED, "12:00", id="nothing is left"),
        pytest.param(40, LimitStatus.EXHAUSTED, "12:00", id="the limit was lowered"),
    ],
)
def test_a_limit_is_graded(limit: int, status: LimitStatus, exhausted_at: str | None) -> None:
    """By what is left, and by when nothing will be."""
    use = project_budget(limit, used(48))

    expected = exhausted_at and datetime.fromisoformat(f"2026-01-05T{exhausted_at}Z")
    assert (use.status, use.exhausted_at) == (status, expected)


def test_of_a_budget_of_nothing_nothing_is_left() -> None:
    """It is exhausted before anything was used, and no pace leads there."""
    use = project_budget(0, UsageBook())

    assert (use.status, use.left, use.exhausted_at) == (LimitStatus.EXHAUSTED, 0, None)


def test_the_first_minutes_of_a_day_are_no_run() -> None:
    """A pace is taken over an hour at least."""
    use = project_budget(100, used(3), now=datetime(2026, 1, 5, 0, 1, tzinfo=UTC))

    assert (use.burn_rate_per_hour, use.status) == (3.0, LimitStatus.OK)


def test_80_percent_are_a_warning_whatever_the_pace() -> None:
    """Late in the day, when the rest would last."""
    use = project_budget(100, used(80), now=datetime(2026, 1, 5, 23, 59, tzinfo=UTC))

    assert (use.exhausted_at, use.status) == (None, LimitStatus.WARNING)


def test_yesterdays_book_counts_for_rates_only() -> None:
    """Budgets have renewed; the last hour has not."""
    book = used(48, seconds={NOON_S: 2}, minutes={NOON_S // 60: 2})
    limits = Limits(budgets={BudgetScope.PROJECT: 50}, per_hour=2)

    found = told(limits, book, now=NOON + timedelta(days=1))

    assert found["units_a_day", "project", None].used == 0
    assert found["per_hour", "project", None].used == 0


def test_a_rate_says_when_all_of_it_is_free_again() -> None:
    """Once the newest action has left; a rate has no pace."""
    book = used(2, seconds={NOON_S - 50: 1, NOON_S - 9: 1}, minutes={NOON_S // 60: 2})

    found = told(Limits(per_minute=2, per_hour=3), book)

    minute, hour = found["per_minute", "project", None], found["per_hour", "project", None]
    assert (minute.status, minute.left, hour.status, hour.left) == ("exhausted", 0, "ok", 1)
    assert minute.resets_at == NOON + timedelta(seconds=52)
    assert hour.resets_at == NOON + timedelta(minutes=61)
    assert (minute.burn_rate_per_hour, minute.exhausted_at) == (None, None)


def test_principals_and_actions_are_told_apart() -> None:
    """Those that used the most, and always the one who asks."""
    scopes = {BudgetScope.PRINCIPAL: 9, BudgetScope.ACTION: 9}
    many = {f"p{number:02}": number for number in range(30)}
    book = UsageBook(day="2026-01-05", spent=1, principals=many, done=1, done_by=many)

    found = told(Limits(budgets=scopes, quotas=scopes), book, asker="p00")

    units = [key[2] for key in found if key[:2] == ("units_a_day", "principal")]
    actions = [key[2] for key in found if key[:2] == ("actions_a_day", "principal")]
    assert units == actions == [*(f"p{29 - place:02}" for place in range(MOST_SUBJECTS)), "p00"]
    assert found["units_a_day", "action", None].used == 0
    assert len(told(Limits(budgets=scopes), used(3))) == 2 + 2 + 2


def test_each_action_that_ran_is_told() -> None:
    """Units and actions, the most used first."""
    book = UsageBook(day="2026-01-05", actions={"a.b": 1, "c.d": 5}, done_of={"a.b": 4, "c.d": 1})
    scopes = {BudgetScope.ACTION: 9}

    found = told(Limits(budgets=scopes, quotas=scopes), book)

    by_action = [(key[0], key[2], item.used) for key, item in found.items() if key[1] == "action"]
    assert by_action == [
        ("actions_a_day", "a.b", 4), ("actions_a_day", "c.d", 1),
        ("units_a_day", "c.d", 5), ("units_a_day", "a.b", 1),
    ]  # fmt: skip


@given(
    units=st.integers(0, 10**12),
    limit=st.integers(0, 2**53),
    minute=st.integers(0, 24 * 60 - 1),
)
def test_a_forecast_lies_within_the_day(units: int, limit: int, minute: int) -> None:
    """Between now and the renewal, and only a budget that is used has an end."""
    now = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=minute)

    use = project_budget(limit, used(units), now=now)

    assert use.measure is LimitMeasure.UNITS_A_DAY
    assert use.exhausted_at is None or now <= use.exhausted_at < use.resets_at == MIDNIGHT
    assert use.left == max(limit - units, 0)
