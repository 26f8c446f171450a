"""Laws of the estimates: enumeration, bounds, monotony."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from harness.stats.rates import pass_at_k, pass_hat_k, quantile, rule_of_three, wilson_interval

SMALL = st.integers(1, 10).flatmap(
    lambda trials: st.tuples(st.integers(0, trials), st.just(trials), st.integers(1, trials))
)
COUNTS = st.integers(1, 500).flatmap(
    lambda trials: st.tuples(st.integers(0, trials), st.just(trials))
)


@given(SMALL)
def test_estimates_equal_enumeration(case: tuple[int, int, int]) -> None:
    """Over all draws of k trials, the share that all succeed, and the share with a success."""
    successes, trials, k = case
    outcomes = [at < successes for at in range(trials)]
    draws = list(combinations(outcomes, k))
    assert abs(pass_hat_k(successes, trials, k) - sum(map(all, draws)) / len(draws)) < 1e-12
    assert abs(pass_at_k(successes, trials, k) - sum(map(any, draws)) / len(draws)) < 1e-12


@given(SMALL)
def test_estimates_stay_on_their_side_of_the_rate(case: tuple[int, int, int]) -> None:
    """All of k is no likelier than one, one of k no less likely."""
    successes, trials, k = case
    rate = successes / trials
    all_of, any_of = pass_hat_k(successes, trials, k), pass_at_k(successes, trials, k)
    assert 0 <= all_of <= rate + 1e-12
    assert rate - 1e-12 <= any_of <= 1


@given(COUNTS, st.floats(0.5, 0.999))
def test_wilson_interval_holds_the_rate_within_bounds(
    counts: tuple[int, int], confidence: float
) -> None:
    """The observed rate lies in it, and it lies in 0 to 1."""
    successes, trials = counts
    low, high = wilson_interval(successes, trials, confidence=confidence)
    assert 0 <= low <= successes / trials + 1e-12
    assert successes / trials - 1e-12 <= high <= 1


@given(COUNTS)
def test_wilson_interval_mirrors(counts: tuple[int, int]) -> None:
    """Counting failures instead of successes turns the interval around."""
    successes, trials = counts
    low, high = wilson_interval(successes, trials)
    mirrored_low, mirrored_high = wilson_interval(trials - successes, trials)
    assert abs(low - (1 - mirrored_high)) < 1e-12
    assert abs(high - (1 - mirrored_low)) < 1e-12


@given(COUNTS)
def test_one_more_success_moves_every_estimate_up(counts: tuple[int, int]) -> None:
    """Monotone in successes at equal trials."""
    successes, trials = counts
    if successes == trials:
        return
    before, after = wilson_interval(successes, trials), wilson_interval(successes + 1, trials)
    assert before[0] < after[0]
    assert before[1] < after[1] or after[1] == before[1] == 1
    assert pass_hat_k(successes, trials, 1) < pass_hat_k(successes + 1, trials, 1)


@given(st.integers(0, 10_000))
def test_more_clean_trials_bound_a_rate_lower(trials: int) -> None:
    """The bound falls with each trial and is close to 3 / n."""
    assert rule_of_three(trials + 1) < rule_of_three(trials)
    assert rule_of_three(trials + 1) <= 3 / (trials + 1)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_quantile_is_monotone_and_within_the_values(
    values: list[float], one: float, other: float
) -> None:
    """A larger share never lies lower."""
    low, high = sorted((one, other))
    assert min(values) <= quantile(values, low) <= quantile(values, high) <= max(values)
