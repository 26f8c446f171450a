"""What a window counted is rebuilt from the books of projects, and never less than it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.limits import BudgetScope, LimitMeasure
from runtime.domain.outcome import StepOutcome, StepStatus
from runtime.domain.rate_history import history_of
from runtime.domain.shared_rates import RateWindow
from runtime.domain.usage_book import UsageBook

MIDNIGHT: Final = datetime(2026, 1, 6, tzinfo=UTC)
SECOND: Final = int(MIDNIGHT.timestamp())
MINUTE: Final = LimitMeasure.PER_MINUTE


def a_window(scope: BudgetScope, subject: str, measure: LimitMeasure = MINUTE) -> RateWindow:
    """Build a window of five."""
    return RateWindow(scope=scope, subject=subject, measure=measure, most=5)


def a_book(*done: tuple[str, int]) -> UsageBook:
    """Build the book of who did something, and how many seconds after midnight."""
    book = UsageBook()
    for who, at_s in done:
        step = StepOutcome(
            index=0,
            action="box.put@1",
            inputs={},
            status=StepStatus.DONE,
            state_version=1,
            state_digest="",
        )
        book = book.charged([step], principal_id=who, now=MIDNIGHT + timedelta(seconds=at_s))
    return book


BOOKS: Final = (
    ("one", a_book(("ann", 1), ("ann", 1), ("bob", 70))),
    ("two", a_book(("ann", 70), ("bob", 71))),
)


def test_an_organization_did_what_its_projects_did() -> None:
    """Part by part, of the minute as of the hour."""
    whole = BudgetScope.ORGANIZATION

    minute = history_of(a_window(whole, "acme"), BOOKS).counts
    hour = history_of(a_window(whole, "acme", LimitMeasure.PER_HOUR), BOOKS).counts

    assert minute == {SECOND + 70: 2, SECOND + 71: 1}
    assert hour == {SECOND // 60: 2, SECOND // 60 + 1: 3}


def test_a_project_did_what_is_in_its_book() -> None:
    """And nothing of another's."""
    assert history_of(a_window(BudgetScope.PROJECT, "two"), BOOKS).counts == {
        SECOND + 70: 1,
        SECOND + 71: 1,
    }
    assert history_of(a_window(BudgetScope.PROJECT, "three"), BOOKS).counts == {}


def test_a_principal_did_as_much_as_the_day_says_at_the_latest() -> None:
    """The newest actions of a project are taken for theirs, as these count for the longest."""
    hour = LimitMeasure.PER_HOUR

    ann = history_of(a_window(BudgetScope.PRINCIPAL, "ann", hour), BOOKS).counts
    eve = history_of(a_window(BudgetScope.PRINCIPAL, "eve", hour), BOOKS).counts

    assert ann == {SECOND // 60: 1, SECOND // 60 + 1: 2}
    assert eve == {}


def test_over_midnight_every_action_counts_for_everybody() -> None:
    """A book forgets at midnight who did what; stricter, never less strict."""
    book = a_book(("ann", -10), ("ann", -10), ("bob", 5))

    assert history_of(a_window(BudgetScope.PRINCIPAL, "eve"), [("one", book)]).counts == {
        SECOND - 10: 2,
        SECOND + 5: 1,
    }


@given(
    st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.integers(-90, 90)), max_size=20),
    st.sampled_from(["ann", "bob"]),
)
def test_nobody_is_told_to_have_done_less_than_they_did(
    done: list[tuple[str, int]], who: str
) -> None:
    """Whatever the hour, and whoever else acts: since any instant, at least as much."""
    in_order = sorted(done, key=lambda item: item[1])
    last_s = max((at_s for _, at_s in in_order), default=0)
    told = history_of(a_window(BudgetScope.PRINCIPAL, who), [("one", a_book(*in_order))]).counts

    for since_s in range(last_s - 59, last_s + 1):
        did = sum(1 for name, at_s in in_order if name == who and at_s >= since_s)
        assert sum(n for part, n in told.items() if part >= SECOND + since_s) >= did
