"""A usage book counts what was executed, for as long as limits look back, and no less."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.outcome import StepOutcome, StepStatus
from runtime.domain.usage_book import UsageBook
from runtime.kit.canonical_json import canonical_text, parse

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


def test_actions_are_counted_by_project_principal_and_action() -> None:
    """Whatever they cost, as quotas bound them."""
    book = UsageBook().charged([a_step_outcome(cost=0)] * 2, principal_id="ann", now=NOON)
    book = book.charged([a_step_outcome("box.move@1")], principal_id="bob", now=NOON)

    usage = book.usage("ann", now=NOON)

    assert usage.done == {
        BudgetScope.ORGANIZATION: 3,
        BudgetScope.PROJECT: 3,
        BudgetScope.PRINCIPAL: 2,
    }
    assert usage.done_by_action == {"box.put": 2, "box.move": 1}
    assert [usage.done_in(scope, action="box.put") for scope in BudgetScope] == [3, 3, 2, 2]
    assert book.usage("ann", now=NOON + timedelta(days=1)).done_by_action == {}


OLD_BOOK = (
    '{"actions":{"box.put":2},"day":"2026-01-05","minutes":{"29460240":1},'
    '"principals":{"ann":2},"seconds":{"1767614400":1},"spent":2}'
)


def test_a_book_of_before_actions_were_counted_is_read() -> None:
    """It has spent what it had, and done nothing that quotas count; it goes on from there."""
    book = UsageBook.read(OLD_BOOK)

    usage = book.usage("ann", now=NOON)
    later = book.charged([a_step_outcome(cost=1)], principal_id="ann", now=NOON)

    assert (usage.spent[BudgetScope.PROJECT], usage.last_minute) == (2, 1)
    assert (usage.done[BudgetScope.PROJECT], usage.done_by_action) == (0, {})
    assert (later.spent, later.done, later.told) == (3, 1, {})


def test_a_day_is_that_of_the_zone_of_the_limits() -> None:
    """At 23:30 UTC it is the next day in Berlin already, where budgets have renewed."""
    berlin = Limits(day_zone="Europe/Berlin")
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    book = UsageBook().charged([a_step_outcome()], principal_id="ann", now=NOON)

    renewed = book.at(late, berlin)
    renewed.charge([a_step_outcome(cost=1)], principal_id="ann")

    assert book.at(late).usage("ann").spent[BudgetScope.PROJECT] == 2
    assert (renewed.book().day, renewed.book().spent) == ("2026-01-06", 1)


def test_a_day_never_comes_again() -> None:
    """Who moves the zone westward does not get yesterday's budget, nor today's twice."""
    book = UsageBook(day="2026-01-06", spent=7, principals={"ann": 7})

    usage = book.usage("ann", now=NOON)
    after = book.charged([a_step_outcome(cost=1)], principal_id="ann", now=NOON)

    assert usage.spent[BudgetScope.PROJECT] == 7
    assert (after.day, after.spent) == ("2026-01-06", 8)


def test_a_tally_changes_nothing_that_it_gave_away() -> None:
    """Neither the book it was opened on, nor a usage, nor a book that it wrote."""
    opened = UsageBook().charged([a_step_outcome()], principal_id="ann", now=NOON)
    text = opened.text()
    tally = opened.at(NOON)
    before = tally.usage("ann")
    tally.charge([a_step_outcome()], principal_id="ann")
    between, written = tally.usage("ann"), tally.book()
    spelled = written.text()

    tally.charge([a_step_outcome()], principal_id="ann")

    assert opened.text() == text
    assert (before.spent_by_action, before.done_by_action) == ({"box.put": 2}, {"box.put": 1})
    assert (between.spent_by_action, between.done_by_action) == ({"box.put": 4}, {"box.put": 2})
    assert written.text() == spelled
    assert tally.book().spent == 6


def test_plans_that_commit_together_are_all_counted() -> None:
    """Whether or not anybody looked in between."""
    tally = UsageBook().at(NOON)

    tally.charge([a_step_outcome()], principal_id="ann")
    tally.charge([a_step_outcome()], principal_id="bob")
    looked = tally.usage("ann")
    tally.charge([a_step_outcome()], principal_id="ann")

    assert looked.done[BudgetScope.PROJECT] == 2
    assert tally.book().done_by == {"ann": 2, "bob": 1}
    assert tally.book().principals == {"ann": 4, "bob": 2}


@given(
    seconds=st.dictionaries(st.integers(0, 70), st.integers(1, 3), max_size=8),
    extra=st.integers(0, 3),
    most=st.integers(-1, 12),
)
def test_a_rate_is_free_exactly_when_it_is_said_to_be(
    seconds: dict[int, int], extra: int, most: int
) -> None:
    """From that second on no more than that much counts, and a second before, more does."""
    now_s = int(NOON.timestamp())
    oldest_first = sorted(seconds.items(), reverse=True)
    book = UsageBook(seconds={now_s - ago: count for ago, count in oldest_first})
    used = book.usage("", now=NOON).last_minute + extra
    done = [a_step_outcome()] * extra
    book = book.charged(done, principal_id="ann", now=NOON)

    free = book.minute_free_at(NOON, used=used, most=most)

    if most < 0:
        assert free is None
        return
    assert free is not None
    assert book.usage("", now=free).last_minute <= most
    if used > most:
        assert book.usage("", now=free - timedelta(seconds=1)).last_minute > most


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


@given(
    offsets=st.lists(st.integers(0, 90 * 60), max_size=12),
    names=st.lists(st.text(st.characters(max_codepoint=0xD7FF)), max_size=3),
)
def test_the_spelling_is_the_canonical_one(offsets: list[int], names: list[str]) -> None:
    """Whatever the order of instants, and whoever acted, a book is read as it was written."""
    book = UsageBook()
    for number, offset in enumerate(offsets):
        name = names[number % len(names)] if names else "ann"
        now = NOON + timedelta(seconds=offset)
        book = book.charged([a_step_outcome()], principal_id=name, now=now)

    assert book.text() == canonical_text(parse(book.text()))
    assert UsageBook.read(book.text()) == book
    assert list(book.seconds) == sorted(book.seconds)
    assert list(book.minutes) == sorted(book.minutes)
