"""Intervals of clustered values equal known figures, and stay honest where variance is unseen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest

from harness.stats.intervals import clustered_interval, student_t
from harness.stats.rates import wilson_interval


def interval(
    values: Sequence[float], clusters: Sequence[str] | None = None, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Bound the mean, of singletons unless told otherwise."""
    families = clusters or [str(at) for at in range(len(values))]
    found = clustered_interval(values, families, confidence=confidence)
    assert found is not None
    return found


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("families", [1, 3, 10])
def test_without_variance_each_family_counts_once(value: float, families: int) -> None:
    """Six scenarios of a family are one observation, as far as anybody has seen."""
    clusters = [str(at % families) for at in range(6 * families)]
    expected = wilson_interval(round(value * families), families)
    assert interval([value] * len(clusters), clusters) == pytest.approx(expected)


def test_one_family_in_the_middle_says_almost_nothing() -> None:
    """Its mean is known, that of other families is not."""
    low, high = interval([0.0, 1.0, 1.0], ["one"] * 3)
    assert low < 0.01
    assert high > 0.99


def test_independent_outcomes_give_almost_the_interval_of_counts() -> None:
    """It is a little wider, for the variance is estimated."""
    low, high = wilson_interval(80, 100)
    found = interval([1.0] * 80 + [0.0] * 20)
    assert found == pytest.approx((low, high), abs=0.004)
    assert found[0] < low < high < found[1]


def test_interval_is_wilsons_with_the_variance_of_the_values() -> None:
    """Worked out by hand for 15 of 20: finite correction 20/19, a tenth of a cluster, t of 19."""
    worth = 20 * (0.75 * 0.25 * 20 + 0.1) / (3.75 * 20 / 19 + 0.1)
    t = 2.0930241
    middle, weight = 0.75 + t**2 / worth / 2, 1 + t**2 / worth
    reach = t * (0.75 * 0.25 / worth + t**2 / worth**2 / 4) ** 0.5
    expected = ((middle - reach) / weight, (middle + reach) / weight)
    assert interval([1.0] * 15 + [0.0] * 5) == pytest.approx(expected, abs=1e-6)


def test_families_that_agree_widen_the_interval() -> None:
    """A hundred scenarios in twenty families of one voice are about twenty."""
    values = [float(at % 20 < 15) for at in range(100)]
    clusters = [str(at % 20) for at in range(100)]
    found = interval(values, clusters)
    assert found == pytest.approx(interval([1.0] * 15 + [0.0] * 5), abs=0.003)
    assert found[1] - found[0] > 2 * (interval(values)[1] - interval(values)[0])


def test_averaged_trials_narrow_the_interval() -> None:
    """Shares between 0 and 1 vary less than outcomes with the same mean."""
    shares = interval([0.6, 0.7, 0.8, 0.9, 1.0] * 10)
    outcomes = interval([1.0, 1.0, 1.0, 1.0, 0.0] * 10)
    assert shares[1] - shares[0] < (outcomes[1] - outcomes[0]) / 2


def test_equal_shares_are_no_certainty() -> None:
    """That twenty scenarios passed two of three trials each is luck in part."""
    low, high = interval([2 / 3] * 20)
    assert 0.05 < high - low < 0.2


def test_more_confidence_is_wider() -> None:
    """The level is a parameter."""
    levels = [interval([1.0, 0.5, 0.0] * 8, confidence=level) for level in (0.5, 0.9, 0.99)]
    for inner, outer in pairwise(levels):
        assert outer[0] < inner[0] < inner[1] < outer[1]


def test_no_values_have_no_interval() -> None:
    """Nothing is claimed, not even 0 to 1."""
    assert clustered_interval([], []) is None


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_values_outside_the_unit_interval_are_refused(value: float) -> None:
    """A NaN of too few trials must be left out before."""
    with pytest.raises(ValueError, match="a value is"):
        clustered_interval([0.5, value], ["a", "b"])


def test_each_value_needs_its_cluster() -> None:
    """The message names both numbers."""
    with pytest.raises(ValueError, match="2 values and 1 clusters"):
        clustered_interval([0.5, 0.5], ["a"])


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_certainty_is_refused(confidence: float) -> None:
    """Also without values."""
    with pytest.raises(ValueError, match="confidence is"):
        clustered_interval([], [], confidence=confidence)


@pytest.mark.parametrize(
    ("freedom", "at_95", "at_99"),
    [
        pytest.param(1, 12.706, 63.657, id="one"),
        pytest.param(2, 4.303, 9.925, id="two"),
        pytest.param(3, 3.182, 5.841, id="three"),
        pytest.param(4, 2.776, 4.604, id="four"),
        pytest.param(9, 2.262, 3.250, id="nine"),
        pytest.param(30, 2.042, 2.750, id="thirty"),
        pytest.param(120, 1.980, 2.617, id="hundred and twenty"),
        pytest.param(999, 1.9623, 2.5808, id="the last before the normal distribution"),
        pytest.param(1000, 1.95996, 2.57583, id="the normal distribution"),
    ],
)
def test_student_t_equals_the_table(freedom: int, at_95: float, at_99: float) -> None:
    """The figures are those of any statistics book."""
    assert student_t(freedom, confidence=0.95) == pytest.approx(at_95, abs=6e-4)
    assert student_t(freedom, confidence=0.99) == pytest.approx(at_99, abs=6e-4)


def test_student_t_needs_a_degree_of_freedom() -> None:
    """One value has no variance."""
    with pytest.raises(ValueError, match="0 degrees of freedom"):
        student_t(0, confidence=0.95)
