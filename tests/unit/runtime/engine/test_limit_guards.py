"""A refusal by a limit says which, what is used, what was wanted, and when it is free again."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

import pytest

from runtime.domain.limits import BudgetScope, ExecutionWindow, LimitMeasure, Limits, Usage
from runtime.domain.outcome import Refusal
from runtime.domain.usage_book import UsageBook
from runtime.engine.guards import first_refusal
from runtime.kit.json_value import JsonObject, JsonValue
from tests.builders import NOW, a_registry, a_step, an_action, step_facts_for

REGISTRY: Final = a_registry(an_action(cost=4))
NOW_S: Final = int(NOW.timestamp())
NIGHT: Final = ExecutionWindow(start=time(22), end=time(6), zone="Europe/Berlin")


def refused(limits: Limits, **changes: JsonValue) -> Refusal | None:
    """Judge one step of four units at noon of a Monday."""
    return first_refusal(step_facts_for(a_step(value=1), REGISTRY, limits=limits, **changes))


def told(limits: Limits, **changes: JsonValue) -> JsonObject:
    """Return what a refusal says of its limit, as it is stored."""
    refusal = refused(limits, **changes)
    assert refusal is not None
    assert Refusal.model_validate_json(refusal.model_dump_json()) == refusal
    document: JsonObject = refusal.model_dump(mode="json")["limit"]
    return document


def spent(units: int) -> Usage:
    """Return a usage in which each scope spent and did so much."""
    scopes = dict.fromkeys(BudgetScope, units)
    by_action = {"box.put": units}
    return Usage(spent=scopes, spent_by_action=by_action, done=scopes, done_by_action=by_action)


@pytest.mark.parametrize(
    ("scope", "subject"),
    [
        (BudgetScope.ORGANIZATION, None),
        (BudgetScope.PROJECT, None),
        (BudgetScope.PRINCIPAL, "ann"),
        (BudgetScope.ACTION, "box.put"),
    ],
)
def test_a_budget_or_quota_names_itself_its_use_and_its_renewal(
    scope: BudgetScope, subject: str | None
) -> None:
    """Each scope alike: units count costs, actions count steps."""
    common = {"scope": scope.value, "subject": subject, "used": 7, "limit": 7}
    renews = {"resets_at": "2026-01-06T00:00:00Z"}

    budget = told(Limits(budgets={scope: 7}), usage=spent(7))
    quota = told(Limits(quotas={scope: 7}), usage=spent(7))

    assert budget == {**common, **renews, "measure": "units_a_day", "wanted": 4}
    assert quota == {**common, **renews, "measure": "actions_a_day", "wanted": 1}


def test_what_uses_a_quota_up_passes() -> None:
    """The last allowed action runs, the next does not."""
    limits = Limits(quotas={BudgetScope.PROJECT: 7})

    assert refused(limits, usage=spent(6)) is None
    assert refused(limits, usage=spent(7)) is not None


@pytest.mark.parametrize(
    ("zone", "renews"),
    [
        ("UTC", "2026-01-06T00:00:00Z"),
        ("Europe/Berlin", "2026-01-05T23:00:00Z"),
        ("America/New_York", "2026-01-06T05:00:00Z"),
    ],
)
def test_a_day_is_over_at_midnight_of_its_zone(zone: str, renews: str) -> None:
    """The remedy names the same instant."""
    limits = Limits(budgets={BudgetScope.PROJECT: 7}, day_zone=zone)

    refusal = refused(limits, usage=spent(7))

    assert told(limits, usage=spent(7))["resets_at"] == renews
    assert refusal is not None
    assert refusal.remedy == f"raise the budget or wait until it renews, from {renews}"


def test_a_book_that_is_a_day_ahead_renews_a_day_later() -> None:
    """A day does not go back when the zone is changed to one that is behind."""
    limits = Limits(budgets={BudgetScope.PROJECT: 7})

    answer = told(limits, usage=spent(7), book=UsageBook(day="2026-01-06"))

    assert answer["resets_at"] == "2026-01-07T00:00:00Z"


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(budgets={BudgetScope.ACTION: 3}), id="a budget below the cost"),
        pytest.param(Limits(quotas={BudgetScope.ACTION: 0}), id="a quota of none"),
        pytest.param(Limits(per_minute=0), id="a rate of none"),
        pytest.param(Limits(per_hour=0), id="a rate of none an hour"),
    ],
)
def test_what_never_fits_is_not_promised_for_later(limits: Limits) -> None:
    """No instant is named, and waiting is no remedy."""
    refusal = refused(limits)

    assert told(limits)["resets_at"] is None
    assert refusal is not None
    assert refusal.remedy.startswith("use something smaller or have the limit raised")


def _at(second: int) -> str:
    return datetime.fromtimestamp(second, NOW.tzinfo).isoformat().replace("+00:00", "Z")


def test_a_rate_is_free_once_enough_of_it_has_left() -> None:
    """The oldest bucket leaves first; where it is not enough, the next one's time is told."""
    book = UsageBook(seconds={NOW_S - 50: 1, NOW_S - 20: 1}, minutes={NOW_S // 60 - 9: 2})

    oldest = told(Limits(per_minute=2), usage=Usage(last_minute=2), book=book)
    second = told(Limits(per_minute=1), usage=Usage(last_minute=2), book=book)
    hour = told(Limits(per_hour=2), usage=Usage(last_hour=2), book=book)

    assert oldest == {
        "scope": "project",
        "subject": None,
        "measure": "per_minute",
        "limit": 2,
        "used": 2,
        "wanted": 1,
        "resets_at": _at(NOW_S - 50 + 61),
    }
    assert second["resets_at"] == _at(NOW_S - 20 + 61)
    assert (hour["measure"], hour["resets_at"]) == ("per_hour", _at((NOW_S // 60 - 9 + 61) * 60))


def test_what_no_book_tells_is_taken_for_new() -> None:
    """Then the whole span has to pass: later than needed perhaps, never too early."""
    answer = told(Limits(per_minute=2), usage=Usage(last_minute=2))

    assert answer["resets_at"] == _at(NOW_S + 61)


def test_at_the_instant_that_a_refusal_named_the_step_passes() -> None:
    """And a second before it, it does not: what is promised is true."""
    limits = Limits(per_minute=2)
    book = UsageBook(seconds={NOW_S - 50: 1, NOW_S - 20: 1})
    refusal = refused(limits, usage=book.usage("ann", now=NOW), book=book)
    assert refusal is not None
    assert refusal.limit is not None
    free = refusal.limit.resets_at
    assert free is not None

    late, early = (free, free - timedelta(seconds=1))

    assert refused(limits, usage=book.usage("ann", now=late), now=late) is None
    assert refused(limits, usage=book.usage("ann", now=early), now=early) is not None


def test_a_shut_window_says_when_it_opens() -> None:
    """In UTC, also where the window is in another zone."""
    refusal = refused(Limits(windows=(NIGHT,)))

    assert refusal is not None
    assert refusal.expected == "a time inside 22:00-06:00 Europe/Berlin"
    assert refusal.remedy == "run it when a window is open, from 2026-01-05T21:00:00Z"
    assert refusal.limit is not None
    assert (refusal.limit.measure, refusal.limit.limit) == (LimitMeasure.WINDOW, None)
    assert refusal.limit.resets_at == datetime(2026, 1, 5, 21, tzinfo=NOW.tzinfo)


def test_a_window_that_never_opens_promises_nothing() -> None:
    """There is no instant to wait for."""
    refusal = refused(Limits(windows=(ExecutionWindow(start=time(9), end=time(9)),)))

    assert refusal is not None
    assert refusal.remedy == "run it when a window is open"
    assert refusal.limit is not None
    assert refusal.limit.resets_at is None


def test_the_widest_scope_speaks_first() -> None:
    """Whatever order the limits were written in."""
    limits = Limits(budgets={BudgetScope.ACTION: 0, BudgetScope.PROJECT: 0})

    assert told(limits)["scope"] == "project"


def test_a_stored_refusal_without_figures_is_read() -> None:
    """What was written before refusals named limits stays readable."""
    old = (
        '{"guard": "within_rate", "code": "rate_limited", "expected": "e", "found": 3,'
        ' "remedy": "r"}'
    )

    assert Refusal.model_validate_json(old).limit is None
