"""Windows open and close in UTC, and usage counts what ran."""

from datetime import UTC, datetime, time, timedelta, timezone

import pytest
from pydantic import ValidationError

from runtime.domain.limits import NOTHING_USED, BudgetScope, ExecutionWindow, Limits
from runtime.kit.json_value import JsonObject

MONDAY, TUESDAY, SUNDAY = 0, 1, 6
OFFICE = ExecutionWindow(days=(MONDAY,), start=time(9), end=time(17))
NIGHT = ExecutionWindow(days=(SUNDAY, MONDAY), start=time(22), end=time(6))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of the week that starts on Monday, 5 January 2026."""
    return datetime(2026, 1, 5, hour, minute, tzinfo=UTC) + timedelta(days=day)


@pytest.mark.parametrize(
    ("window", "instant", "open_"),
    [
        pytest.param(OFFICE, at(MONDAY, 9), True, id="the start is inside"),
        pytest.param(OFFICE, at(MONDAY, 16, 59), True, id="just before the end"),
        pytest.param(OFFICE, at(MONDAY, 17), False, id="the end is outside"),
        pytest.param(OFFICE, at(MONDAY, 8, 59), False, id="before the start"),
        pytest.param(OFFICE, at(TUESDAY, 12), False, id="another day"),
        pytest.param(NIGHT, at(MONDAY, 22), True, id="a night begins"),
        pytest.param(NIGHT, at(TUESDAY, 5, 59), True, id="past midnight it is the day before's"),
        pytest.param(NIGHT, at(TUESDAY, 6), False, id="a night ends"),
        pytest.param(NIGHT, at(TUESDAY, 22), False, id="no night on that day"),
        pytest.param(NIGHT, at(MONDAY, 5), True, id="Sunday's night reaches into Monday"),
        pytest.param(NIGHT, at(MONDAY, 12), False, id="between two nights"),
        pytest.param(NIGHT, at(SUNDAY, 5), False, id="Saturday had no night"),
    ],
)
def test_a_window_covers(window: ExecutionWindow, instant: datetime, *, open_: bool) -> None:
    """A window that runs past midnight belongs to the day on which it starts."""
    assert window.covers(instant) is open_


def test_a_window_is_in_utc_wherever_the_clock_is() -> None:
    """The same instant is inside or outside, however its zone is written."""
    berlin = timezone(timedelta(hours=1))

    assert OFFICE.covers(at(MONDAY, 16, 30).astimezone(berlin))
    assert not OFFICE.covers(datetime(2026, 1, 5, 9, 30, tzinfo=berlin))


def test_a_window_that_ends_where_it_starts_never_opens() -> None:
    """Nothing lies between an instant and itself."""
    never = ExecutionWindow(start=time(9), end=time(9))

    assert not never.covers(at(MONDAY, 9))


def test_a_time_of_day_may_say_that_it_is_utc() -> None:
    """`Z` is what the window means anyway."""
    read = ExecutionWindow.model_validate({"days": [0], "start": "09:00Z", "end": "17:00"})

    assert read == OFFICE


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"start": "09:00+01:00"}, id="another zone"),
        pytest.param({"days": [7]}, id="an eighth day"),
        pytest.param({"days": [-1]}, id="no day"),
    ],
)
def test_a_window_that_could_mislead_is_refused(change: JsonObject) -> None:
    """A window that would never open, or open at another time, can't be written."""
    with pytest.raises(ValidationError):
        ExecutionWindow.model_validate({"start": "09:00", "end": "17:00", **change})


def test_limits_of_before_quotas_and_zones_are_read() -> None:
    """They allow what they allowed, and days end at midnight UTC."""
    old = Limits.model_validate_json(
        '{"budgets":{"project":5},"per_hour":null,"per_minute":3,'
        '"windows":[{"days":[0],"end":"17:00:00","start":"09:00:00"}]}'
    )

    assert (old.budgets, old.per_minute) == ({BudgetScope.PROJECT: 5}, 3)
    assert (old.quotas, old.day_zone, old.windows) == ({}, "UTC", (OFFICE,))


@pytest.mark.parametrize(
    ("limits", "counts"),
    [
        (Limits(), False),
        (Limits(windows=(OFFICE,)), False),
        (Limits(per_minute=0), True),
        (Limits(per_hour=0), True),
        (Limits(budgets={BudgetScope.ACTION: 0}), True),
        (Limits(quotas={BudgetScope.ACTION: 0}), True),
    ],
)
def test_limits_say_whether_anything_is_counted(limits: Limits, *, counts: bool) -> None:
    """A window counts nothing."""
    assert limits.counts is counts


@pytest.mark.parametrize(
    "document", [{"day_zone": "Mars/Olympus"}, {"quotas": {"project": -1}}, {"quotas": {"x": 1}}]
)
def test_limits_that_mean_nothing_are_refused(document: JsonObject) -> None:
    """An unknown zone, less than nothing, and a scope that there is not."""
    with pytest.raises(ValidationError):
        Limits.model_validate(document)


def test_a_usage_leaves_out_what_it_counted_none_of() -> None:
    """So that a server that does not count actions a day reads it."""
    assert NOTHING_USED.document().keys() == {
        "last_minute", "last_hour", "spent", "spent_by_action", "as_of",
    }  # fmt: skip
    used = NOTHING_USED.after("box.put", cost=3).document()
    assert (used["done"], used["done_by_action"]) == (
        {"organization": 1, "project": 1, "principal": 1}, {"box.put": 1},
    )  # fmt: skip


def test_usage_grows_by_one_action_and_its_cost() -> None:
    """Costs are charged to every scope, and counted by action."""
    used = NOTHING_USED.after("box.put", cost=3).after("box.add", cost=2)

    assert (used.last_minute, used.last_hour) == (2, 2)
    assert [used.spent_in(scope, action="box.put") for scope in BudgetScope] == [5, 5, 5, 3]
    assert used.spent_in(BudgetScope.ACTION, action="box.other") == 0
    assert [used.done_in(scope, action="box.put") for scope in BudgetScope] == [2, 2, 2, 1]
    assert NOTHING_USED.last_minute == 0
