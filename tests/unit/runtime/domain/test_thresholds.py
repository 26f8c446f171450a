"""A threshold of a budget or quota is told once a day, when a commit reaches it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.outcome import StepOutcome, StepStatus
from runtime.domain.thresholds import PERCENTS, Crossing, silent_below
from runtime.domain.usage_book import UsageBook

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
BUDGET = Limits(budgets={BudgetScope.PROJECT: 10})


def a_step_outcome(cost: int = 1, action: str = "box.put@1") -> StepOutcome:
    """Build the outcome of a finished step."""
    return StepOutcome(
        index=0,
        action=action,
        inputs={},
        status=StepStatus.DONE,
        cost=cost,
        state_version=1,
        state_digest="sha256:1",
    )


def charged(
    book: UsageBook,
    limits: Limits,
    *costs: int,
    now: datetime = NOON,
    who: str = "ann",
    action: str = "box.put@1",
) -> tuple[UsageBook, tuple[Crossing, ...]]:
    """Charge one plan, as stored and read again, and return what it reached."""
    tally = UsageBook.read(book.text()).at(now, limits)
    steps = [a_step_outcome(cost, action) for cost in costs]
    found = tally.charge(steps, principal_id=who)
    return tally.book(), found


def percents(found: tuple[Crossing, ...]) -> list[int]:
    """Return which thresholds were reached."""
    return [item.percent for item in found]


def test_each_threshold_is_told_as_it_is_reached() -> None:
    """Unit by unit up to the whole budget: four times something is told."""
    book, told = UsageBook(), []
    for _ in range(10):
        book, found = charged(book, BUDGET, 1)
        told.append(percents(found))

    assert told == [[], [], [], [], [50], [], [], [80], [90], [100]]


def test_a_crossing_says_what_was_reached() -> None:
    """Which limit, whose, how much of it, of which day."""
    _, found = charged(UsageBook(), Limits(quotas={BudgetScope.PRINCIPAL: 2}), 5)

    (crossing,) = found
    assert (crossing.measure, crossing.scope, crossing.subject) == (
        "actions_a_day", "principal", "ann",
    )  # fmt: skip
    assert (crossing.percent, crossing.used, crossing.limit, crossing.period) == (
        50, 1, 2, "2026-01-05",
    )  # fmt: skip


def test_one_commit_may_reach_several() -> None:
    """In ascending order, and never again that day."""
    book, found = charged(UsageBook(), BUDGET, 4, 4)
    _, after = charged(book, BUDGET, 0)

    assert (percents(found), percents(after)) == ([50, 80], [])


def test_each_principal_and_action_has_its_own() -> None:
    """What one used is not told of another."""
    limits = Limits(budgets={BudgetScope.PRINCIPAL: 10, BudgetScope.ACTION: 20})

    book, ann = charged(UsageBook(), limits, 5)
    book, bob = charged(book, limits, 5, who="bob")
    _, other = charged(book, limits, 5, who="cat", action="box.add@2")

    assert [(item.scope, item.subject) for item in ann] == [("principal", "ann")]
    assert [(item.scope, item.subject) for item in bob] == [
        ("principal", "bob"), ("action", "box.put"),
    ]  # fmt: skip
    assert [(item.scope, item.subject) for item in other] == [("principal", "cat")]


def test_a_new_day_is_told_of_anew() -> None:
    """Once a period, and the period is a day."""
    book, _ = charged(UsageBook(), BUDGET, 10)

    _, found = charged(book, BUDGET, 5, now=NOON + timedelta(days=1))

    assert percents(found) == [50]
    assert found[0].period == "2026-01-06"


def test_a_limit_that_was_changed_is_told_of_anew() -> None:
    """Half of another budget is another fact."""
    book, _ = charged(UsageBook(), BUDGET, 6)

    _, raised = charged(book, Limits(budgets={BudgetScope.PROJECT: 100}), 1)
    _, lowered = charged(book, Limits(budgets={BudgetScope.PROJECT: 8}), 1)

    assert (percents(raised), percents(lowered)) == ([], [50, 80])


def test_of_a_limit_that_allows_nothing_anything_is_all() -> None:
    """An urgent step may spend what there is not."""
    _, nothing = charged(UsageBook(), Limits(budgets={BudgetScope.PROJECT: 0}), 0)
    _, something = charged(UsageBook(), Limits(budgets={BudgetScope.PROJECT: 0}), 1)

    assert (percents(nothing), percents(something)) == ([], list(PERCENTS))


@pytest.mark.parametrize(
    ("limits", "units", "actions"),
    [
        (Limits(), inf, inf),
        (BUDGET, 5, inf),
        (Limits(quotas={BudgetScope.ACTION: 9}), inf, 4.5),
        (Limits(budgets={BudgetScope.PROJECT: 99, BudgetScope.ACTION: 4}), 2, inf),
        (Limits(budgets={BudgetScope.PROJECT: 0}, quotas={BudgetScope.PROJECT: 2}), 0, 1),
    ],
)
def test_little_use_is_known_to_reach_nothing(limits: Limits, units: float, actions: float) -> None:
    """What all together did not use up to a half of the least limit, nobody did."""
    assert silent_below(limits) == (units, actions)


@given(
    plans=st.lists(
        st.tuples(st.lists(st.integers(0, 4), max_size=4), st.sampled_from("ab")), max_size=30
    ),
    budget=st.integers(0, 30),
    quota=st.integers(0, 30),
)
def test_every_threshold_is_told_exactly_once(
    plans: list[tuple[list[int], str]], budget: int, quota: int
) -> None:
    """In the end each that was reached was told once, and none that was not."""
    limits = Limits(budgets={BudgetScope.PROJECT: budget}, quotas={BudgetScope.PRINCIPAL: quota})
    book = UsageBook()
    told: list[tuple[str, str | None, int]] = []
    for costs, who in plans:
        book, found = charged(book, limits, *costs, who=who)
        told += [(item.measure.value, item.subject, item.percent) for item in found]

    expected = {
        ("units_a_day", None, percent)
        for percent in PERCENTS
        if book.spent and book.spent * 100 >= budget * percent
    } | {
        ("actions_a_day", who, percent)
        for who, count in book.done_by.items()
        for percent in PERCENTS
        if count and count * 100 >= quota * percent
    }
    assert len(told) == len(set(told))
    assert set(told) == expected
