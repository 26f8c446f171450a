"""Say which instants of a schedule are executed, and until when a firing is tried."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runtime.domain.cron import parse_cron
from runtime.domain.plan import Plan
from runtime.domain.schedule import (
    KEY_HOLDS,
    MOST_CAUGHT_UP,
    MOST_TRIES,
    PUNCTUAL,
    Abandoned,
    CatchUp,
    Firing,
    FiringStatus,
    Missed,
    Schedule,
    due_now,
    firing_id,
    jitter_of,
    retry_delay,
)
from runtime.domain.schedule_timing import Timing
from runtime.kit.ids import parse_id

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SCHEDULE_ID = "sch_01KDVDNA000000000000000000"


def a_schedule(
    *,
    cron: str = "* * * * *",
    seen_until: datetime = NOON,
    **given: Any,  # noqa: ANN401  # whatever matters
) -> Schedule:
    """Build a schedule that comes due each minute."""
    timing = Timing(cron=parse_cron(cron), zone="UTC")
    schedule = Schedule(
        id=SCHEDULE_ID,
        organization_id="org",
        project_id="prj",
        name="each minute",
        timing=timing,
        jitter_s=0,
        catch_up=CatchUp.LAST,
        plan=Plan(steps=()),
        atomic=False,
        principal_id="mem",
        created_at=NOON,
        created_by="mem",
        seen_until=seen_until,
        next_at=timing.next_after(seen_until),
    )
    return replace(schedule, **given)


def a_firing(**given: Any) -> Firing:  # noqa: ANN401  # whatever matters
    """Build a firing that nobody tried yet."""
    firing = Firing(
        id="fir",
        schedule_id=SCHEDULE_ID,
        project_id="prj",
        instant=NOON,
        status=FiringStatus.WAITING,
        created_at=NOON,
    )
    return replace(firing, **given)


def test_nothing_is_due_before_its_time() -> None:
    """A second too early is too early."""
    due = due_now(a_schedule(), NOON + MINUTE - timedelta(seconds=1))

    assert due.instants == ()
    assert due.missed is None


@pytest.mark.parametrize("catch_up", CatchUp)
def test_what_is_punctual_is_executed_whatever_becomes_of_the_rest(catch_up: CatchUp) -> None:
    """Policies are about what was missed."""
    due = due_now(a_schedule(catch_up=catch_up), NOON + MINUTE)

    assert due.instants == (NOON + MINUTE,)
    assert due.missed is None
    assert due.seen_until == NOON + MINUTE


@pytest.mark.parametrize(
    ("catch_up", "minutes", "missed"),
    [
        pytest.param(CatchUp.NONE, [9, 10], (1, 8), id="none"),
        pytest.param(CatchUp.LAST, [10], (1, 9), id="last"),
        pytest.param(CatchUp.ALL, list(range(1, 11)), None, id="all"),
    ],
)
def test_what_was_missed_is_caught_up_as_the_schedule_says(
    catch_up: CatchUp, minutes: list[int], missed: tuple[int, int] | None
) -> None:
    """Ten minutes passed: what is not executed is named by its first and its last."""
    due = due_now(a_schedule(catch_up=catch_up), NOON + 10 * MINUTE)

    assert due.instants == tuple(NOON + number * MINUTE for number in minutes)
    assert due.missed == (
        missed and Missed(first=NOON + missed[0] * MINUTE, last=NOON + missed[1] * MINUTE)
    )


def test_nothing_late_is_executed_where_nothing_is_caught_up() -> None:
    """A second more than punctual is late."""
    late = NOON + 60 * MINUTE + PUNCTUAL + timedelta(seconds=1)
    due = due_now(a_schedule(cron="0 * * * *", catch_up=CatchUp.NONE), late)

    assert due.instants == ()
    assert due.missed == Missed(first=NOON + 60 * MINUTE, last=NOON + 60 * MINUTE)


def test_all_has_an_end() -> None:
    """However long nobody was there, the newest hundred are executed and no more."""
    due = due_now(a_schedule(catch_up=CatchUp.ALL), NOON + timedelta(days=400))

    assert len(due.instants) == MOST_CAUGHT_UP
    assert due.instants[-1] == NOON + timedelta(days=400)
    assert due.missed == Missed(first=NOON + MINUTE, last=due.instants[0] - MINUTE)


def test_what_was_seen_to_is_not_due_again() -> None:
    """Not even where the clock was put back since."""
    seen = due_now(a_schedule(), NOON + 5 * MINUTE)
    schedule = a_schedule(seen_until=seen.seen_until)

    assert due_now(schedule, NOON + 5 * MINUTE).instants == ()
    assert due_now(schedule, NOON).seen_until == NOON + 5 * MINUTE


def test_jitter_delays_every_instant_by_the_same() -> None:
    """An instant is due its jitter later, and the next one comes due as much later."""
    schedule = a_schedule(cron="0 * * * *", jitter_s=600)
    jitter = schedule.jitter

    assert timedelta() < jitter <= timedelta(seconds=600)
    assert schedule.due_after(NOON) == NOON + timedelta(hours=1) + jitter
    before = due_now(schedule, NOON + timedelta(hours=1) + jitter - timedelta(seconds=1))
    after = due_now(schedule, NOON + timedelta(hours=1) + jitter)
    assert (before.instants, after.instants) == ((), (NOON + timedelta(hours=1),))


def test_jitter_spreads_schedules() -> None:
    """Schedules of one time come due at many, each always at its own."""
    found = {jitter_of(f"sch_{number}", 59) for number in range(600)}

    assert found == {timedelta(seconds=number) for number in range(60)}
    assert jitter_of("sch_1", 59) == jitter_of("sch_1", 59)
    assert jitter_of("sch_1", 0) == timedelta()


def test_a_firing_is_named_by_schedule_and_instant_alone() -> None:
    """Whoever makes it gives it the same id; another schedule or instant gives another one."""
    made = firing_id(SCHEDULE_ID, NOON)

    assert made == firing_id(SCHEDULE_ID, NOON)
    assert made < firing_id(SCHEDULE_ID, NOON + MINUTE)
    assert made != firing_id(SCHEDULE_ID.replace("KDV", "KDW"), NOON)
    assert parse_id(made, "fir").created_ms == NOON.timestamp() * 1000


@pytest.mark.parametrize(
    ("firing", "reason"),
    [
        pytest.param(a_firing(), None, id="never tried"),
        pytest.param(a_firing(tries=MOST_TRIES, first_tried_at=NOON), None, id="the last try"),
        pytest.param(
            a_firing(tries=MOST_TRIES + 1, first_tried_at=NOON), Abandoned.TRIED_TOO_OFTEN,
            id="one too many",
        ),
        pytest.param(a_firing(first_tried_at=NOON - KEY_HOLDS), None, id="while its key is kept"),
        pytest.param(
            a_firing(first_tried_at=NOON - KEY_HOLDS - MINUTE), Abandoned.TOO_LATE,
            id="when its key may be forgotten",
        ),
    ],
)  # fmt: skip
def test_a_firing_is_given_up_in_the_end(firing: Firing, reason: Abandoned | None) -> None:
    """Both how often and how long it is tried has a bound."""
    assert firing.given_up(NOON) is reason


@pytest.mark.parametrize(
    ("tries", "longest_s"),
    [
        pytest.param(1, 1, id="first"),
        pytest.param(5, 16, id="doubled"),
        pytest.param(20, 600, id="bounded"),
    ],
)
def test_waits_between_tries_grow_up_to_a_bound(tries: int, longest_s: int) -> None:
    """Full jitter: any share of the longest wait."""
    assert retry_delay(tries, jitter=0.0) == timedelta()
    assert retry_delay(tries, jitter=0.5) == timedelta(seconds=longest_s / 2)
