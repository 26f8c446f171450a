"""Plans stop early, decide at their longest, and err no more than they may."""

from __future__ import annotations

import math

import pytest

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


def a_plan(*, accept_at: tuple[int, ...], reject_at: tuple[int, ...]) -> Plan:
    """Write a plan's boundaries by hand."""
    return Plan(
        good=0.9,
        bad=0.5,
        alpha=0.05,
        beta=0.05,
        longest=len(accept_at) - 1,
        accept_at=accept_at,
        reject_at=reject_at,
    )


TWO_IN_A_ROW = a_plan(accept_at=(1, 2, 2, 2), reject_at=(-1, -1, 0, 1))
"""Two successes accept, two failures reject, three trials decide: best of three."""


@pytest.mark.parametrize(
    ("successes", "trials", "decision"),
    [
        pytest.param(0, 0, None, id="nothing seen"),
        pytest.param(1, 1, None, id="one success"),
        pytest.param(2, 2, Decision.RELIABLE, id="two successes"),
        pytest.param(0, 2, Decision.UNRELIABLE, id="two failures"),
        pytest.param(1, 2, None, id="one of each"),
        pytest.param(2, 3, Decision.RELIABLE, id="two of three"),
        pytest.param(1, 3, Decision.UNRELIABLE, id="one of three"),
    ],
)
def test_trials_decide_at_the_boundaries(
    successes: int, trials: int, decision: Decision | None
) -> None:
    """Best of three."""
    assert decided(TWO_IN_A_ROW, successes, trials) is decision


@pytest.mark.parametrize(("successes", "trials"), [(-1, 1), (2, 1), (2, 4)])
def test_counts_outside_the_plan_are_refused(successes: int, trials: int) -> None:
    """The message names the plan's longest."""
    with pytest.raises(ValueError, match=f"{successes} successes in {trials} trials.*longest"):
        decided(TWO_IN_A_ROW, successes, trials)


def test_expected_trials_and_errors_are_exact() -> None:
    """Best of three: it goes to the third trial with chance 2pq; it errs with p² (3 - 2p)."""
    assert expected_trials(TWO_IN_A_ROW, 0.9) == pytest.approx(2 + 2 * 0.9 * 0.1)
    assert expected_trials(TWO_IN_A_ROW, 1.0) == 2
    errors = error_rates(TWO_IN_A_ROW)
    assert errors.good_called_unreliable == pytest.approx(0.01 * (3 - 0.2))
    assert errors.bad_called_reliable == pytest.approx(0.5)


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_outside_the_unit_interval_is_refused(rate: float) -> None:
    """95 is a common slip for 0.95."""
    with pytest.raises(ValueError, match="rate is"):
        expected_trials(TWO_IN_A_ROW, rate)


def test_neither_error_may_be_larger() -> None:
    """One does not pay for the other; equal ones are within."""
    most = ErrorRates(good_called_unreliable=0.05, bad_called_reliable=0.1)
    assert most.within(most)
    assert not ErrorRates(good_called_unreliable=0.06, bad_called_reliable=0.0).within(most)
    assert not ErrorRates(good_called_unreliable=0.0, bad_called_reliable=0.2).within(most)


@pytest.mark.parametrize(
    ("longest", "accept_at", "reject_at"),
    [
        pytest.param(1, (1, 1), (-1, 0), id="one trial"),
        pytest.param(3, (1, 2, 3, 3), (-1, 0, 1, 2), id="three are too few: only cut short"),
        pytest.param(
            13,
            (1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10, 10, 10, 10),
            (-1, -1, 0, 0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9),
            id="as many as a fixed-size test",
        ),
    ],
)
def test_designed_boundaries_are_stable(
    longest: int, accept_at: tuple[int, ...], reject_at: tuple[int, ...]
) -> None:
    """A change of the search shows here first."""
    plan = design(good=0.9, bad=0.5, alpha=0.05, beta=0.05, longest=longest)
    assert (plan.accept_at, plan.reject_at) == (accept_at, reject_at)


@pytest.mark.parametrize(
    ("bad", "longest", "trials"),
    [
        pytest.param(0.5, 20, 13.5281, id="the cheapest needs another cut than the most exact"),
        pytest.param(0.6, 36, 22.6909, id="good of 0.9 or bad of 0.6"),
    ],
)
def test_designed_plans_are_as_short_as_they_were(bad: float, longest: int, trials: float) -> None:
    """The expected trials of a good and a bad scenario together."""
    plan = design(good=0.9, bad=bad, alpha=0.05, beta=0.05, longest=longest)
    assert expected_trials(plan, 0.9) + expected_trials(plan, bad) == pytest.approx(
        trials, abs=1e-4
    )


@pytest.mark.parametrize(
    ("good", "bad", "alpha", "beta", "longest", "message"),
    [
        pytest.param(0.5, 0.9, 0.1, 0.1, 9, "good is 0.5 and bad is 0.9", id="wrong order"),
        pytest.param(0.9, 0.9, 0.1, 0.1, 9, "good is 0.9 and bad is 0.9", id="nothing between"),
        pytest.param(1.0, 0.9, 0.1, 0.1, 9, "good is 1.0", id="perfection is no rate to expect"),
        pytest.param(0.9, 0.0, 0.1, 0.1, 9, "bad is 0.0", id="never"),
        pytest.param(0.9, 0.5, 0.0, 0.1, 9, "alpha is 0.0", id="no false alarm allowed"),
        pytest.param(0.9, 0.5, 0.1, 1.0, 9, "beta is 1.0", id="no demand"),
        pytest.param(0.9, 0.5, 0.1, 0.1, 0, "longest is 0", id="no trial"),
    ],
)
def test_impossible_designs_are_refused(
    good: float, bad: float, alpha: float, beta: float, longest: int, message: str
) -> None:
    """The message names the value."""
    with pytest.raises(ValueError, match=message):
        design(good=good, bad=bad, alpha=alpha, beta=beta, longest=longest)


def test_a_level_that_asks_nothing_takes_no_trial() -> None:
    """Calling everything reliable errs least where one trial can't hold alpha."""
    plan = design(good=0.9, bad=0.6, alpha=0.01, beta=0.9, longest=1)
    assert decided(plan, 0, 0) is Decision.RELIABLE


@pytest.mark.parametrize(
    ("successes", "trials", "k", "expected"),
    [
        pytest.param(2, 2, 1, 1.0, id="two of two"),
        pytest.param(2, 3, 1, 0.5, id="of FSS and SFS one begins with a success"),
        pytest.param(1, 3, 1, 0.5, id="of SFF and FSF one begins with a success"),
        pytest.param(0, 2, 1, 0.0, id="none of two"),
        pytest.param(2, 3, 2, 0.0, id="neither FSS nor SFS begins with two"),
        pytest.param(1, 2, 1, 0.5, id="broken off between"),
    ],
)
def test_unbiased_estimate_is_the_share_of_paths_that_begin_with_successes(
    successes: int, trials: int, k: int, expected: float
) -> None:
    """Best of three, counted by hand; 2/3 of two of three would be too high."""
    assert unbiased_pass_hat(TWO_IN_A_ROW, successes, trials, k) == expected


def test_failures_that_end_a_plan_below_k_are_a_zero() -> None:
    """Two failures leave no doubt that not all of three succeed; an outage leaves it."""
    plan = a_plan(accept_at=(1, 2, 3, 3, 3), reject_at=(-1, -1, 0, 1, 2))
    assert unbiased_pass_hat(plan, 0, 2, 3) == 0.0
    assert math.isnan(unbiased_pass_hat(plan, 1, 2, 3))


@pytest.mark.parametrize("k", [3, 4, 9])
def test_a_plan_that_ends_before_k_successes_tells_nothing(k: int) -> None:
    """Best of three never sees three straight successes."""
    assert math.isnan(unbiased_pass_hat(TWO_IN_A_ROW, 2, 2, k))


def test_without_a_plan_the_estimate_is_the_usual_one() -> None:
    """A fixed number of trials needs no paths."""
    assert unbiased_pass_hat(None, 8, 10, 5) == pass_hat_k(8, 10, 5)
    with pytest.raises(ValueError, match="k is 0"):
        unbiased_pass_hat(None, 8, 10, 0)


def test_trials_beyond_a_decision_are_refused() -> None:
    """Three of three never happens in a best of three."""
    with pytest.raises(ValueError, match="3 successes in 3 trials, but the plan stops before"):
        unbiased_pass_hat(TWO_IN_A_ROW, 3, 3, 1)


def test_an_empty_draw_is_refused() -> None:
    """As without a plan."""
    with pytest.raises(ValueError, match="k is 0"):
        unbiased_pass_hat(TWO_IN_A_ROW, 2, 2, 0)
