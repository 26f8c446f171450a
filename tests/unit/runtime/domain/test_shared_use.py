"""What is used of shared budgets is counted by whom, what and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.action import Action, Permission
from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.shared_limits import BudgetMeasure, BudgetSpan
from runtime.domain.shared_use import (
    MOST_LAID_OUT,
    NOTHING_SHARED,
    Payer,
    Periods,
    SharedUse,
    amount,
    charges_of,
    counter_key,
    period_end,
    period_start,
    periods_of,
)
from tests.builders import NOW, an_action
from tests.shared_limits import a_budget, shared_limits

DAY: Final = BudgetSpan.DAY
MONTH: Final = BudgetSpan.MONTH
PAYER: Final = Payer(project="p", principal="ann")
PERIODS: Final = Periods.at(NOW, "UTC")
ACTION: Final = an_action(cost=4, tokens=30, money_micros=500)


@pytest.mark.parametrize(
    ("instant", "zone", "day", "month"),
    [
        ("2026-01-31T23:59:59+00:00", "UTC", "2026-01-31", "2026-01"),
        ("2026-01-31T23:59:59+00:00", "Europe/Berlin", "2026-02-01", "2026-02"),
        ("2026-02-01T03:00:00+00:00", "America/New_York", "2026-01-31", "2026-01"),
    ],
)
def test_an_instant_is_of_the_day_and_month_that_calendars_of_the_zone_show(
    instant: str, zone: str, day: str, month: str
) -> None:
    """Also at the ends of both."""
    periods = Periods.at(datetime.fromisoformat(instant), zone)

    assert (periods.of(DAY), periods.of(MONTH)) == (day, month)


@pytest.mark.parametrize(
    ("per", "period", "zone", "start", "end"),
    [
        (DAY, "2026-01-31", "UTC", "2026-01-31T00:00+00:00", "2026-02-01T00:00+00:00"),
        (MONTH, "2026-01", "UTC", "2026-01-01T00:00+00:00", "2026-02-01T00:00+00:00"),
        (MONTH, "2026-12", "UTC", "2026-12-01T00:00+00:00", "2027-01-01T00:00+00:00"),
        (MONTH, "2028-02", "UTC", "2028-02-01T00:00+00:00", "2028-03-01T00:00+00:00"),
        (MONTH, "2026-03", "Europe/Berlin", "2026-02-28T23:00+00:00", "2026-03-31T22:00+00:00"),
        (DAY, "2026-03-29", "Europe/Berlin", "2026-03-28T23:00+00:00", "2026-03-29T22:00+00:00"),
    ],
)
def test_a_period_begins_and_ends_at_midnight(
    per: BudgetSpan, period: str, zone: str, start: str, end: str
) -> None:
    """Of the zone, whose days and months are not all of one length."""
    assert period_start(per, period, zone) == datetime.fromisoformat(start)
    assert period_end(per, period, zone) == datetime.fromisoformat(end)


def test_a_period_ends_where_the_next_begins() -> None:
    """Nothing is counted in two, and nothing in none."""
    end = period_end(MONTH, "2026-12", "Asia/Tokyo")

    assert period_start(MONTH, "2027-01", "Asia/Tokyo") == end
    assert Periods.at(end, "Asia/Tokyo").month == "2027-01"


def test_what_is_counted_apart_has_names_apart() -> None:
    """By measure, scope and subject; who has but one has an empty one."""
    keys = {
        counter_key(measure, scope, subject)
        for measure in LimitMeasure
        for scope in BudgetScope
        for subject in (None, "a", "b")
    }

    assert len(keys) == len(LimitMeasure) * len(BudgetScope) * 3
    assert counter_key(LimitMeasure.UNITS_A_DAY, BudgetScope.ORGANIZATION, None) == (
        "units_a_day:organization:"
    )


@pytest.mark.parametrize(
    ("measure", "used"),
    [
        (BudgetMeasure.ACTIONS, 1),
        (BudgetMeasure.UNITS, 4),
        (BudgetMeasure.TOKENS, 30),
        (BudgetMeasure.MONEY, 500),
    ],
)
def test_an_action_uses_what_it_declares(measure: BudgetMeasure, used: int) -> None:
    """And is one action."""
    assert amount(ACTION, measure) == used


def test_an_action_is_charged_to_every_budget_that_it_falls_under() -> None:
    """Its organization's, its project's, its principal's and its own."""
    limits = shared_limits(*(a_budget(9, scope=scope) for scope in BudgetScope))

    charged = list(charges_of(limits, ACTION, payer=PAYER, periods=PERIODS).all)

    assert [(duty.counter, more) for duty, more in charged] == [
        (("units_a_day:organization:", "2026-01-05"), 4),
        (("units_a_day:project:p", "2026-01-05"), 4),
        (("units_a_day:principal:ann", "2026-01-05"), 4),
        (("units_a_day:action:box.put", "2026-01-05"), 4),
    ]
    assert [duty.subject for duty, _ in charged] == [None, "p", "ann", "box.put"]


def test_nobody_is_charged_where_there_is_no_budget_or_no_use() -> None:
    """Of another's budget, and of what an action does not use."""
    limits = shared_limits(
        a_budget(9, scope=BudgetScope.PROJECT, subject="q"),
        a_budget(9, measure=BudgetMeasure.TOKENS),
    )

    charges = charges_of(limits, an_action(), payer=PAYER, periods=PERIODS)
    assert (charges.all, charges.quotas, charges.budgets, charges.charged) == ((), (), (), {})


def test_quotas_and_budgets_are_told_apart() -> None:
    """As they are checked apart; each is charged, an urgent action's without asking for room."""
    limits = shared_limits(a_budget(9), a_budget(8, measure=BudgetMeasure.ACTIONS))
    stop = an_action(id="box.stop@1", cost=4, permission=Permission(urgent=True))

    charges = charges_of(limits, ACTION, payer=PAYER, periods=PERIODS)
    urgent = charges_of(limits, stop, payer=PAYER, periods=PERIODS)

    assert [(duty.most, more) for duty, more in charges.quotas] == [(8, 1)]
    assert [(duty.most, more) for duty, more in charges.budgets] == [(9, 4)]
    assert {charge.amount: charge.room for charge in charges.charged.values()} == {1: 7, 4: 5}
    assert {charge.amount: charge.room for charge in urgent.charged.values()} == {1: None, 4: None}


def test_what_is_added_comes_on_top_of_what_is_known() -> None:
    """What is not known counts as nothing; the earlier value stays as it is."""
    one, other = ("k", "2026-01"), ("l", "2026-01")
    use = SharedUse(known={one: 5})

    after = use.after([(one, 2), (other, 3), (one, 1)])

    assert (after.of(one), after.of(other)) == (8, 3)
    assert (use.of(one), use.of(other)) == (5, 0)
    assert NOTHING_SHARED.of(one) == 0


def test_a_month_is_of_twelve() -> None:
    """The last one is followed by the first of the next year."""
    ends = [period_end(MONTH, f"2026-{month:02}", "UTC") for month in range(1, 13)]

    assert [end.month for end in ends] == [*range(2, 13), 1]
    assert ends[-1] == datetime(2027, 1, 1, tzinfo=UTC)


def test_what_was_looked_up_is_kept_apart_and_within_bounds() -> None:
    """By whose it is, which action and which day; an action of another environment is another."""
    limits = shared_limits(a_budget(100, scope=BudgetScope.PRINCIPAL))
    dear = an_action(cost=9)

    def charged(principal: str, *, action: Action = ACTION, periods: Periods = PERIODS) -> int:
        payer = Payer(project="p", principal=principal)
        ((duty, more),) = charges_of(limits, action, payer=payer, periods=periods).all
        assert duty.counter == (
            counter_key(LimitMeasure.UNITS_A_DAY, BudgetScope.PRINCIPAL, principal),
            periods.day,
        )
        return more

    assert ACTION.id == dear.id
    assert [charged("ann"), charged("ann", action=dear), charged("ann")] == [4, 9, 4]
    charged("ann", periods=Periods(day="2026-01-02", month="2026-01"))
    for number in range(MOST_LAID_OUT + 1):
        assert charged(f"p{number}") == 4
    assert len(limits.laid_out) <= MOST_LAID_OUT


_ZONES: Final = ("UTC", "Asia/Tokyo", "America/St_Johns", "Europe/Berlin", "Pacific/Apia")


@given(
    zone=st.sampled_from(_ZONES),
    instants=st.lists(
        st.integers(536_457_600, 1_924_992_000).map(lambda at_s: datetime.fromtimestamp(at_s, UTC)),
        min_size=1,
        max_size=4,
    ),
    later=st.lists(st.timedeltas(timedelta(0), timedelta(hours=30)), max_size=6),
)
def test_what_limits_keep_of_a_day_is_what_its_calendar_says(
    zone: str, instants: list[datetime], later: list[timedelta]
) -> None:
    """In whatever order instants are asked for, and wherever clocks change."""
    limits = shared_limits(zone=zone)

    for instant in instants:
        for span in (timedelta(0), *later):
            asked = instant + span
            assert periods_of(limits, asked) == Periods.at(asked, zone)


def test_a_day_that_clocks_bring_twice_is_not_kept() -> None:
    """A minute after midnight it is an hour before it once more."""
    limits = shared_limits(zone="America/St_Johns")
    midnight = datetime(2006, 10, 29, 2, 30, tzinfo=UTC)

    told = [periods_of(limits, midnight + timedelta(seconds=s)).day for s in (-1, 1, 61, 3661)]

    assert told == ["2006-10-28", "2006-10-29", "2006-10-28", "2006-10-29"]


def test_a_day_is_looked_up_once() -> None:
    """As long as it lasts, and not a moment longer."""
    limits = shared_limits()
    first = periods_of(limits, datetime(2026, 1, 31, 0, 0, tzinfo=UTC))

    assert periods_of(limits, datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)) is first
    assert periods_of(limits, datetime(2026, 2, 1, tzinfo=UTC)).month == "2026-02"
    assert periods_of(limits, datetime(2026, 1, 31, tzinfo=UTC)) is not first
