"""Budgets are of subjects and days; what is reserved counts as used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from runtime.domain.model_budget import (
    Bound,
    Measure,
    Payer,
    Spend,
    Tally,
    bounds_of,
    day_of,
    first_overdraft,
    renews_at,
)
from runtime.domain.model_use import ModelUse

PAYER = Payer(project_id="prj_1", member_id="mem_1", model="a/b")


def test_an_answer_is_charged_to_six_subjects_in_one_order() -> None:
    """The order in which they are locked."""
    assert PAYER.subjects == (
        "member:mem_1",
        "model:a/b",
        "organization",
        "project:prj_1",
        "project:prj_1/member:mem_1",
        "project:prj_1/model:a/b",
    )


def test_the_widest_budget_is_told_first() -> None:
    """The organization's before the project's, tokens before money."""
    use = ModelUse(daily_tokens=1, daily_cost_micros=2, member_daily_tokens=3)

    bounds = bounds_of(use, use, PAYER)

    assert [(bound.name, bound.most) for bound in bounds] == [
        ("tokens a day of organization", 1),
        ("cost_micros a day of organization", 2),
        ("tokens a day of member:mem_1", 3),
        ("tokens a day of project:prj_1", 1),
        ("cost_micros a day of project:prj_1", 2),
        ("tokens a day of project:prj_1, member:mem_1", 3),
    ]


def test_what_is_reserved_is_taken() -> None:
    """As what is used is."""
    bound = Bound(subject="organization", measure=Measure.TOKENS, most=10)
    tally = Tally(used=Spend(tokens=4), reserved=Spend(tokens=3))

    assert first_overdraft((bound,), {"organization": tally}, Spend(tokens=3)) is None
    over = first_overdraft((bound,), {"organization": tally}, Spend(tokens=4))
    assert over is not None
    assert over.taken == 7


def test_what_is_unknown_makes_a_sum_unknown() -> None:
    """And counts as nothing where no budget of money asks."""
    unknown = Spend(tokens=1, cost_micros=None)

    assert Spend(tokens=1, cost_micros=5).plus(unknown) == Spend(tokens=2, cost_micros=None)
    assert unknown.beyond(Spend()) == Spend(tokens=1, cost_micros=None)
    assert unknown.of(Measure.COST_MICROS) == 0


def test_days_are_those_of_utc() -> None:
    """Whatever the zone of the clock."""
    late = datetime(2026, 1, 31, 23, 30, tzinfo=timezone(-timedelta(hours=5)))

    assert day_of(late) == "2026-02-01"
    assert renews_at(late) == datetime(2026, 2, 2, tzinfo=UTC)
