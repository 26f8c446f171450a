"""Laws of stopping early: errors hold, estimates stay unbiased, and trials are saved."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.stats.rates import pass_hat_k
from harness.stats.sequential import (
    Decision,
    ErrorRates,
    Plan,
    decided,
    design,
    error_rates,
    expected_trials,
    unbiased_pass_hat,
)

MIX = ((0.6, 0.995), (0.1, 0.9), (0.1, 0.6), (0.2, 0.05))
"""Shares of scenarios by pass rate: most always pass, some never, few are in between."""
LEAST_SAVED = 0.4

DESIGNS = st.builds(
    lambda bad, gap, level, longest: design(
        good=min(0.98, bad + gap), bad=bad, alpha=level, beta=level, longest=longest
    ),
    st.sampled_from([0.3, 0.5, 0.6, 0.8]),
    st.sampled_from([0.1, 0.2, 0.4]),
    st.sampled_from([0.01, 0.05, 0.2]),
    st.integers(1, 12),
)


def fixed_size(good: float, bad: float, trials: int) -> list[ErrorRates]:
    """Return the errors of the tests of so many trials, one for each number that is enough."""
    return [
        ErrorRates(
            good_called_unreliable=sum(
                math.comb(trials, at) * good**at * (1 - good) ** (trials - at) for at in range(cut)
            ),
            bad_called_reliable=sum(
                math.comb(trials, at) * bad**at * (1 - bad) ** (trials - at)
                for at in range(cut, trials + 1)
            ),
        )
        for cut in range(trials + 2)
    ]


@cache
def smallest_fixed(good: float, bad: float, level: float) -> tuple[int, ErrorRates]:
    """Return the fewest trials whose fixed-size test holds the level on both sides."""
    wanted = ErrorRates(good_called_unreliable=level, bad_called_reliable=level)
    trials = 1
    while not (
        holding := [found for found in fixed_size(good, bad, trials) if found.within(wanted)]
    ):
        trials += 1
    return trials, holding[0]


def played(plan: Plan, outcomes: tuple[bool, ...]) -> tuple[int, int, Decision]:
    """Run a scenario whose trials end like this until it is decided."""
    successes = trials = 0
    while (decision := decided(plan, successes, trials)) is None:
        successes += outcomes[trials]
        trials += 1
    return successes, trials, decision


@settings(max_examples=60, deadline=None)
@given(DESIGNS)
def test_errors_are_at_most_the_wanted_or_those_of_the_fixed_size(plan: Plan) -> None:
    """One of the fixed-size tests errs as much on both sides, or more, or the levels allow it."""
    errors = error_rates(plan)
    allowed = [
        ErrorRates(
            good_called_unreliable=max(plan.alpha, found.good_called_unreliable) + 1e-12,
            bad_called_reliable=max(plan.beta, found.bad_called_reliable) + 1e-12,
        )
        for found in fixed_size(plan.good, plan.bad, plan.longest)
    ]
    assert any(errors.within(found) for found in allowed)
    wanted = ErrorRates(good_called_unreliable=plan.alpha, bad_called_reliable=plan.beta)
    if any(found.within(wanted) for found in fixed_size(plan.good, plan.bad, plan.longest)):
        assert errors.within(wanted)


@settings(max_examples=60, deadline=None)
@given(DESIGNS)
def test_every_scenario_is_decided_and_decisions_never_contradict(plan: Plan) -> None:
    """Boundaries rise, stay apart, and meet at the longest."""
    assert plan.accept_at[-1] == plan.reject_at[-1] + 1
    for trials in range(plan.longest + 1):
        assert -1 <= plan.reject_at[trials] < plan.accept_at[trials] <= trials + 1
    assert list(plan.accept_at[1:]) == sorted(plan.accept_at[1:])
    assert list(plan.reject_at) == sorted(plan.reject_at)


@settings(max_examples=25, deadline=None)
@given(DESIGNS, st.sampled_from([Fraction(1, 3), Fraction(9, 10)]))
def test_estimates_are_unbiased_by_enumeration_of_all_sequences(plan: Plan, rate: Fraction) -> None:
    """Weighed by their chance, the estimates of p^k sum to p^k; so do trials and errors."""
    chances: dict[tuple[int, int], Fraction] = {}
    for outcomes in product((True, False), repeat=plan.longest):
        successes, trials, _ = played(plan, outcomes)
        passed = sum(outcomes)
        chance = rate**passed * (1 - rate) ** (plan.longest - passed)
        chances[successes, trials] = chances.get((successes, trials), Fraction(0)) + chance
    mean_trials = sum(trials * chance for (_, trials), chance in chances.items())
    assert math.isclose(expected_trials(plan, float(rate)), mean_trials, rel_tol=1e-12)
    for k in range(1, plan.longest + 1):
        estimates = {ending: unbiased_pass_hat(plan, *ending, k) for ending in chances}
        if any(map(math.isnan, estimates.values())):
            assert any(decided(plan, at, at) for at in range(k))
            continue
        mean = sum(estimates[ending] * float(chance) for ending, chance in chances.items())
        assert math.isclose(mean, float(rate**k), rel_tol=1e-9, abs_tol=1e-12)


@given(st.integers(1, 12), st.integers(0, 12), st.integers(1, 12))
def test_a_plan_that_never_stops_early_estimates_as_usual(
    longest: int, successes: int, k: int
) -> None:
    """Path counting then is choosing."""
    plan = Plan(
        good=0.9,
        bad=0.5,
        alpha=0.05,
        beta=0.05,
        longest=longest,
        accept_at=(*range(1, longest + 1), longest),
        reject_at=(*[-1] * longest, longest - 1),
    )
    passed = min(successes, longest)
    found, usual = unbiased_pass_hat(plan, passed, longest, k), pass_hat_k(passed, longest, k)
    assert found == usual or math.isnan(found) == math.isnan(usual) is True


CASES = [
    pytest.param(
        0.9, 0.6, 0.05, 36, "own errors", id="0.9 or 0.6, errors of the fixed size itself"
    ),
    pytest.param(
        0.8, 0.5, 0.05, 42, "own errors", id="0.8 or 0.5, errors of the fixed size itself"
    ),
    pytest.param(0.9, 0.5, 0.05, 20, "levels", id="0.9 or 0.5 at equal levels"),
    pytest.param(0.95, 0.5, 0.05, 16, "levels", id="0.95 or 0.5 at equal levels"),
    pytest.param(0.9, 0.6, 0.1, 22, "levels", id="0.9 or 0.6 at equal levels"),
]


def compared(
    good: float, bad: float, level: float, *, longest: int, held_to: str
) -> tuple[Plan, int, ErrorRates]:
    """Return a plan, and the trials and errors of the smallest fixed-size test to beat.

    Held to its own errors, the plan must do as well as that test really does, below its levels.
    """
    trials, errors = smallest_fixed(good, bad, level)
    if held_to == "levels":
        errors = ErrorRates(good_called_unreliable=level, bad_called_reliable=level)
    plan = design(
        good=good,
        bad=bad,
        alpha=errors.good_called_unreliable,
        beta=errors.bad_called_reliable,
        longest=longest,
    )
    return plan, trials, errors


@pytest.mark.parametrize(("good", "bad", "level", "longest", "held_to"), CASES)
def test_two_fifths_of_the_trials_are_saved_at_equal_errors(
    good: float, bad: float, level: float, longest: int, held_to: str
) -> None:
    """Exactly, at the good rate, at the bad rate, and over a typical mix."""
    plan, trials, errors = compared(good, bad, level, longest=longest, held_to=held_to)
    assert error_rates(plan).within(errors)
    mix = sum(share * expected_trials(plan, rate) for share, rate in MIX)
    for taken in (expected_trials(plan, good), expected_trials(plan, bad), mix):
        assert taken <= (1 - LEAST_SAVED) * trials


@pytest.mark.parametrize(
    "rates",
    [(0.9,), (0.6,), tuple(rate for share, rate in MIX for _ in range(round(share * 10)))],
    ids=["good", "bad", "typical mix"],
)
def test_two_fifths_of_the_trials_are_saved_in_simulation(rates: tuple[float, ...]) -> None:
    """3,000 seeded scenarios each; wrong decisions stay within the levels but for luck."""
    plan, trials, _ = compared(0.9, 0.6, 0.05, longest=36, held_to="own errors")
    random = Random(11)
    taken = wrong = 0
    for at in range(3_000):
        rate = rates[at % len(rates)]
        outcomes = tuple(random.random() < rate for _ in range(plan.longest))
        _, needed, decision = played(plan, outcomes)
        taken += needed
        wrong += decision is (Decision.UNRELIABLE if rate >= 0.9 else Decision.RELIABLE)
    assert taken <= (1 - LEAST_SAVED) * trials * 3_000
    assert wrong <= 0.05 * 3_000
