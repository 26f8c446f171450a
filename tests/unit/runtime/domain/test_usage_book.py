"""A usage book counts what was executed, for as long as limits look back, and no less."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.limits import BudgetScope
from runtime.domain.outcome import StepOutcome, StepStatus
from runtime.domain.usage_book import UsageBook

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def a_step_outcome(
    action: str = "box.put@1", *, cost: int = 2, status: StepStatus = StepStatus.DONE
) -> StepOutcome:
    """Build the outcome of a step."""
    return StepOutcome(
        index=0,
        action=action,
        inputs={},
        status=status,
        cost=cost,
        state_version=1,
        state_digest="sha256:1",
    )


def test_a_new_book_has_used_nothing() -> None:
    """An empty text is a new book, and nothing was used."""
    usage = UsageBook.read("").usage("ann", now=NOON)

    assert (usage.last_minute, usage.last_hour) == (0, 0)
    assert usage.spent[BudgetScope.PROJECT] == 0


def test_costs_are_charged_to_project_principal_and_action() -> None:
    """Each scope sees what it has to bound."""
    book = UsageBook().charged([a_step_outcome()], principal_id="ann", now=NOON)
    book = book.charged([a_step_outcome("box.move@1", cost=3)], principal_id="bob", now=NOON)

    usage = book.usage("ann", now=NOON)

    assert usage.spent == {
        BudgetScope.ORGANIZATION: 5,
        BudgetScope.PROJECT: 5,
        BudgetScope.PRINCIPAL: 2,
    }
    assert usage.spent_by_action == {"box.put": 2, "box.move": 3}


@pytest.mark.parametrize(
    "status",
    [StepStatus.REFUSED, StepStatus.FAILED, StepStatus.NOT_REACHED, StepStatus.ROLLED_BACK],
)
def test_what_was_not_done_is_not_charged(status: StepStatus) -> None:
    """A refused plan leaves the book as it was."""
    book = UsageBook().charged([a_step_outcome()], principal_id="ann", now=NOON)

    assert book.charged([a_step_outcome(status=status)], principal_id="ann", now=NOON) is book


def test_a_new_day_begins_at_nothing_but_the_rate_goes_on() -> None:
    """Budgets renew at midnight UTC; rates look back over it."""
    late = datetime(2026, 1, 5, 23, 59, 59, tzinfo=UTC)
    book = UsageBook().charged([a_step_outcome()], principal_id="ann", now=late)

    usage = book.usage("ann", now=late + timedelta(seconds=2))
    next_day = book.charged(
        [a_step_outcome(cost=1)], principal_id="ann", now=late + timedelta(seconds=2)
    )

    assert set(usage.spent.values()) == {0}
    assert usage.spent_by_action == {}
    assert (usage.last_minute, usage.last_hour) == (1, 1)
    assert next_day.spent == 1
    assert next_day.principals == {"ann": 1}
    assert next_day.actions == {"box.put": 1}


def test_actions_leave_the_rate_with_time() -> None:
    """After 62 seconds no action counts for the minute, after 62 minutes none for the hour."""
    book = UsageBook().charged([a_step_outcome()] * 3, principal_id="ann", now=NOON)

    minute_later = book.usage("ann", now=NOON + timedelta(seconds=62))
    hour_later = book.usage("ann", now=NOON + timedelta(minutes=62))

    assert (minute_later.last_minute, minute_later.last_hour) == (0, 3)
    assert hour_later.last_hour == 0


def test_a_book_keeps_no_older_buckets_than_it_needs() -> None:
    """A project that runs for years keeps a bounded book."""
    book = UsageBook()
    for number in range(10_000):
        book = book.charged(
            [a_step_outcome()], principal_id="ann", now=NOON + timedelta(seconds=7 * number)
        )

    assert len(book.seconds) <= 61
    assert len(book.minutes) <= 61


@given(offsets=st.lists(st.integers(0, 200_000), min_size=1, max_size=60).map(sorted))
def test_no_action_of_the_last_minute_or_hour_is_missed(offsets: list[int]) -> None:
    """A limit holds in any span: whatever was done within it is counted."""
    book = UsageBook()
    instants = [NOON + timedelta(milliseconds=100 * offset) for offset in offsets]
    for instant in instants:
        book = book.charged([a_step_outcome()], principal_id="ann", now=instant)

    now = instants[-1]
    usage = book.usage("ann", now=now)

    assert usage.last_minute >= sum(now - at < timedelta(minutes=1) for at in instants)
    assert usage.last_hour >= sum(now - at < timedelta(hours=1) for at in instants)


@given(costs=st.lists(st.integers(0, 9), max_size=20))
def test_a_book_reads_what_it_wrote(costs: list[int]) -> None:
    """Text and book are the same."""
    book = UsageBook()
    for number, cost in enumerate(costs):
        book = book.charged(
            [a_step_outcome(cost=cost)],
            principal_id=f"p{number % 3}",
            now=NOON + timedelta(seconds=number),
        )

    assert UsageBook.read(book.text()) == book
