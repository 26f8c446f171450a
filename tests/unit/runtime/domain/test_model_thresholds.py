"""A threshold of a budget of models is told of once a day, when a charge reaches it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.model_budget import ORGANIZATION, Bound, Measure, Spend, Tally, Told
from runtime.domain.model_thresholds import ModelCrossing, model_crossings
from runtime.domain.thresholds import PERCENTS

TOKENS = Bound(subject=ORGANIZATION, measure=Measure.TOKENS, most=100)
MONEY = Bound(subject=ORGANIZATION, measure=Measure.COST_MICROS, most=1_000)


def told_by(bounds: tuple[Bound, ...], tally: Tally, charged: Spend) -> list[tuple[str, int]]:
    """Return which thresholds were reached of what."""
    found = model_crossings(bounds, {ORGANIZATION: tally}, charged)
    return [(crossing.bound.measure.value, crossing.percent) for crossing in found]


def test_each_budget_has_thresholds_of_its_own() -> None:
    """Tokens and money are counted beside each other; what is reserved is not used yet."""
    tally = Tally(used=Spend(tokens=40, cost_micros=100), reserved=Spend(tokens=60))

    assert told_by((TOKENS, MONEY), tally, Spend(tokens=40, cost_micros=400)) == [
        ("tokens", 50),
        ("tokens", 80),
        ("cost_micros", 50),
    ]


def test_what_was_told_of_is_told_of_no_more() -> None:
    """Not of the same limit; of another one it is."""
    told = {Measure.TOKENS: Told(percent=80, most=100)}
    tally = Tally(used=Spend(tokens=85), told=told)

    assert told_by((TOKENS,), tally, Spend(tokens=1)) == []
    assert told_by((TOKENS,), tally, Spend(tokens=5)) == [("tokens", 90)]
    other = Bound(subject=ORGANIZATION, measure=Measure.TOKENS, most=170)
    assert told_by((other,), tally, Spend(tokens=1)) == [("tokens", 50)]


def test_an_unknown_price_reaches_nothing() -> None:
    """What nobody counts is no use."""
    assert told_by((MONEY,), Tally(), Spend(tokens=5, cost_micros=None)) == []


@pytest.mark.parametrize(
    ("subject", "project", "scope", "named"),
    [
        ("organization", None, "organization", None),
        ("member:mem_1", None, "member", "mem_1"),
        ("model:a/b", None, "model", "a/b"),
        ("project:prj_1", "prj_1", "project", None),
        ("project:prj_1/member:mem_1", "prj_1", "member", "mem_1"),
        ("project:prj_1/model:a/b", "prj_1", "model", "a/b"),
    ],
)
def test_an_event_says_whose_budget_it_is(
    subject: str, project: str | None, scope: str, named: str | None
) -> None:
    """By project, scope and subject."""
    bound = Bound(subject=subject, measure=Measure.TOKENS, most=10)
    told = ModelCrossing(bound=bound, percent=50, used=5).document(
        organization_id="org_1", day="2026-01-31"
    )

    assert (told["project"], told["scope"], told["subject"]) == (project, scope, named)


@given(charges=st.lists(st.integers(0, 60), max_size=20))
def test_every_threshold_is_told_exactly_once(charges: list[int]) -> None:
    """However a budget is used up, by the keeping of what was told."""
    used, told, heard = 0, Told(), list[int]()
    for tokens in charges:
        tally = Tally(used=Spend(tokens=used), told={Measure.TOKENS: told})
        used += tokens
        for crossing in model_crossings((TOKENS,), {ORGANIZATION: tally}, Spend(tokens=tokens)):
            heard.append(crossing.percent)
            told = Told(percent=crossing.percent, most=100)

    assert heard == [percent for percent in PERCENTS if used >= percent]
