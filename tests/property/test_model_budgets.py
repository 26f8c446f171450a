"""Whatever the order of reserving and settling, no budget is overdrawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.model_budget import (
    NOTHING,
    Measure,
    Payer,
    Spend,
    Tally,
    bounds_of,
    counts_money,
    first_overdraft,
)
from runtime.domain.model_use import ModelUse

MOST = 40
AMOUNTS = st.none() | st.integers(0, MOST)
USES = st.builds(
    ModelUse,
    daily_tokens=AMOUNTS,
    daily_cost_micros=AMOUNTS,
    member_daily_tokens=AMOUNTS,
    member_daily_cost_micros=AMOUNTS,
    model_daily_tokens=AMOUNTS,
    model_daily_cost_micros=AMOUNTS,
)
PAYERS = st.builds(
    Payer,
    project_id=st.sampled_from(["p1", "p2"]),
    member_id=st.sampled_from(["m1", "m2"]),
    model=st.sampled_from(["a/x", "a/y"]),
)
SPENDS = st.builds(Spend, tokens=st.integers(0, 15), cost_micros=st.integers(0, 15))
SHARES = st.fractions(0, 1)


@dataclass
class Book:
    """Count as the store does: all subjects of a payer together."""

    tallies: dict[str, Tally] = field(default_factory=dict)

    def add(self, payer: Payer, *, used: Spend, reserved: Spend) -> None:
        """Add to each subject."""
        for subject in payer.subjects:
            before = self.tallies.get(subject, NOTHING)
            self.tallies[subject] = Tally(
                used=before.used.plus(used), reserved=before.reserved.plus(reserved)
            )


def minus(spend: Spend) -> Spend:
    """Return what takes a spend back."""
    return Spend(tokens=-spend.tokens, cost_micros=-(spend.cost_micros or 0))


@given(
    organization=st.none() | USES,
    project=st.none() | USES,
    steps=st.lists(st.tuples(PAYERS, SPENDS, SHARES, st.booleans()), max_size=60),
)
def test_no_interleaving_overdraws(
    organization: ModelUse | None,
    project: ModelUse | None,
    steps: list[tuple[Payer, Spend, float, bool]],
) -> None:
    """Answers are reserved for, and end with less, in any order; some never end."""
    book, waiting = Book(), list[tuple[Payer, Spend, float]]()
    granted = Spend()
    for payer, wish, share, ends in steps:
        bounds = bounds_of(organization, project, payer)
        over = first_overdraft(bounds, book.tallies, wish)
        if over is None:
            book.add(payer, used=Spend(), reserved=wish)
            waiting.append((payer, wish, share))
            granted = granted.plus(wish)
        else:
            assert over.taken + wish.of(over.bound.measure) > over.bound.most
        if ends and waiting:
            who, reserved, part = waiting.pop(0)
            took = Spend(
                tokens=int(reserved.tokens * part),
                cost_micros=int((reserved.cost_micros or 0) * part),
            )
            book.add(who, used=took, reserved=minus(reserved))
        for bound in bounds:
            assert book.tallies.get(bound.subject, NOTHING).taken(bound.measure) <= bound.most
    whole = book.tallies.get("organization", NOTHING)
    assert whole.taken(Measure.TOKENS) <= granted.tokens


@given(use=USES, payer=PAYERS)
def test_a_budget_of_zero_lets_nothing_through(use: ModelUse, payer: Payer) -> None:
    """A limit is a limit, not the absence of one."""
    bounds = bounds_of(use.model_copy(update={"daily_tokens": 0}), None, payer)

    assert first_overdraft(bounds, {}, Spend(tokens=1)) is not None


@given(use=USES, payer=PAYERS)
def test_every_limit_that_is_set_is_a_bound(use: ModelUse, payer: Payer) -> None:
    """Six of each document, of subjects that the payer is charged by."""
    stated = [value for name, value in use if name.endswith(("_tokens", "_micros"))]
    limits = [value for value in stated if value is not None and value != use.max_tokens]
    bounds = (*bounds_of(use, None, payer), *bounds_of(None, use, payer))

    assert sorted(bound.most for bound in bounds) == sorted([*limits, *limits])
    assert {bound.subject for bound in bounds} <= set(payer.subjects)
    assert counts_money(bounds) is any(bound.measure is Measure.COST_MICROS for bound in bounds)


@given(one=SPENDS, other=SPENDS)
def test_what_is_beyond_is_what_is_missing(one: Spend, other: Spend) -> None:
    """Added to what is covered, it covers all of it."""
    missing = one.beyond(other)
    whole = other.plus(missing)

    assert all(whole.of(measure) == max(one.of(measure), other.of(measure)) for measure in Measure)
