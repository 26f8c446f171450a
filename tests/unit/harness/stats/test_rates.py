"""The estimates equal published and hand-made figures, and refuse counts that cannot be."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from harness.stats import rates as stats


@pytest.mark.parametrize(
    ("successes", "trials", "k", "expected"),
    [
        pytest.param(8, 10, 5, 0.2222, id="figure of the plug-in comparison"),
        pytest.param(4, 4, 4, 1.0, id="all succeed"),
        pytest.param(3, 4, 4, 0.0, id="one failure breaks four of four"),
        pytest.param(3, 4, 1, 0.75, id="k of one is the rate"),
        pytest.param(0, 3, 1, 0.0, id="nothing succeeds"),
    ],
)
def test_pass_hat_k_is_the_share_of_draws_that_all_succeed(
    successes: int, trials: int, k: int, expected: float
) -> None:
    """pass^k is C(c, k) / C(n, k)."""
    assert stats.pass_hat_k(successes, trials, k) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("successes", "trials", "k", "expected"),
    [
        pytest.param(1, 10, 5, 0.5, id="one success, half of the draws hold it"),
        pytest.param(0, 10, 5, 0.0, id="nothing succeeds"),
        pytest.param(6, 10, 5, 1.0, id="too few failures to fill a draw"),
        pytest.param(3, 4, 1, 0.75, id="k of one is the rate"),
    ],
)
def test_pass_at_k_is_the_share_of_draws_with_a_success(
    successes: int, trials: int, k: int, expected: float
) -> None:
    """pass@k is 1 - C(n - c, k) / C(n, k)."""
    assert stats.pass_at_k(successes, trials, k) == pytest.approx(expected)


@pytest.mark.parametrize("estimate", [stats.pass_hat_k, stats.pass_at_k])
def test_fewer_trials_than_k_say_nothing(estimate: Callable[[int, int, int], float]) -> None:
    """Neither 0 nor 1 is claimed without enough trials."""
    assert math.isnan(estimate(2, 2, 3))


@pytest.mark.parametrize("estimate", [stats.pass_hat_k, stats.pass_at_k])
@pytest.mark.parametrize(
    ("successes", "trials", "k", "message"),
    [
        pytest.param(3, 2, 1, "3 successes in 2 trials", id="more successes than trials"),
        pytest.param(-1, 2, 1, "-1 successes in 2 trials", id="negative successes"),
        pytest.param(1, 2, 0, "k is 0", id="an empty draw"),
    ],
)
def test_impossible_counts_are_refused(
    estimate: Callable[[int, int, int], float], successes: int, trials: int, k: int, message: str
) -> None:
    """The message names the counts."""
    with pytest.raises(ValueError, match=message):
        estimate(successes, trials, k)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        pytest.param(10, 10, 0.722, 1.0, id="ten of ten"),
        pytest.param(30, 30, 0.886, 1.0, id="thirty of thirty"),
        pytest.param(100, 100, 0.963, 1.0, id="hundred of hundred"),
        pytest.param(0, 10, 0.0, 0.278, id="none of ten"),
        pytest.param(81, 263, 0.2553, 0.3662, id="published example"),
        pytest.param(0, 0, 0.0, 1.0, id="no trials"),
    ],
)
def test_wilson_interval_equals_known_figures(
    successes: int, trials: int, low: float, high: float
) -> None:
    """The figures come from Wilson's formula worked out elsewhere."""
    found = stats.wilson_interval(successes, trials)
    assert found == pytest.approx((low, high), abs=5e-4)


def test_more_confidence_means_a_wider_interval() -> None:
    """The level is a parameter."""
    narrow = stats.wilson_interval(7, 10, confidence=0.8)
    wide = stats.wilson_interval(7, 10, confidence=0.99)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize("confidence", [0.0, 1.0, 1.5, -0.1])
def test_a_confidence_outside_the_open_unit_interval_is_refused(confidence: float) -> None:
    """Neither certainty nor nonsense has an interval."""
    with pytest.raises(ValueError, match="confidence is"):
        stats.wilson_interval(1, 2, confidence=confidence)
    with pytest.raises(ValueError, match="confidence is"):
        stats.rule_of_three(5, confidence=confidence)


def test_wilson_interval_refuses_impossible_counts() -> None:
    """The interval checks its counts too."""
    with pytest.raises(ValueError, match="4 successes in 3 trials"):
        stats.wilson_interval(4, 3)


@pytest.mark.parametrize(
    ("trials", "bound"),
    [
        pytest.param(0, 1.0, id="no trials bound nothing"),
        pytest.param(1, 0.95, id="one trial"),
        pytest.param(100, 0.0295, id="about three in a hundred"),
        pytest.param(1000, 0.00299, id="about three in a thousand"),
    ],
)
def test_rule_of_three_bounds_what_was_never_seen(trials: int, bound: float) -> None:
    """No event in n trials bounds its rate at about 3/n."""
    assert stats.rule_of_three(trials) == pytest.approx(bound, rel=2e-3)


def test_rule_of_three_refuses_negative_trials() -> None:
    """The message names the count."""
    with pytest.raises(ValueError, match="in -1 trials"):
        stats.rule_of_three(-1)


@pytest.mark.parametrize(
    ("values", "q", "expected"),
    [
        pytest.param([4, 1, 3, 2], 0.5, 2.5, id="median between two"),
        pytest.param([1, 2, 3], 0.0, 1, id="lowest"),
        pytest.param([1, 2, 3], 1.0, 3, id="highest"),
        pytest.param([7], 0.95, 7, id="a single value"),
        pytest.param(list(range(101)), 0.95, 95, id="at a value"),
        pytest.param([0, 10], 0.25, 2.5, id="interpolated"),
    ],
)
def test_quantile_interpolates(values: list[float], q: float, expected: float) -> None:
    """Type 7 of Hyndman and Fan."""
    assert stats.quantile(values, q) == pytest.approx(expected)


def test_quantile_of_nothing_is_not_a_number() -> None:
    """There is no value to name."""
    assert math.isnan(stats.quantile([], 0.5))


@pytest.mark.parametrize("q", [-0.1, 1.1])
def test_quantile_refuses_shares_outside_the_unit_interval(q: float) -> None:
    """95 is a common slip for 0.95."""
    with pytest.raises(ValueError, match="expected a share"):
        stats.quantile([1.0], q)


def test_mean_is_summed_without_loss() -> None:
    """Ten tenths are one."""
    assert stats.mean_of([0.1] * 10) == 0.1
    assert math.isnan(stats.mean_of([]))


def test_normal_quantile_equals_the_table() -> None:
    """1.96 and 1.645 are the figures that everybody knows."""
    assert stats.normal_quantile(0.975) == pytest.approx(1.959964, abs=1e-6)
    assert stats.two_sided_z(0.9) == pytest.approx(1.644854, abs=1e-6)


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_normal_quantile_refuses_the_ends(probability: float) -> None:
    """They lie at infinity."""
    with pytest.raises(ValueError, match="probability is"):
        stats.normal_quantile(probability)
