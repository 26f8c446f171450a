"""Plans equal the published figures, and are consistent with the tests that they plan."""

from __future__ import annotations

import pytest

from harness.stats.paired import difference_interval, mcnemar_p
from harness.stats.power import minimal_detectable_effect, pairs_needed, pairs_to_show_no_loss


@pytest.mark.parametrize(
    ("pairs", "two_sided", "one_sided"),
    [(50, 12.5, 11.1), (100, 8.9, 7.9), (200, 6.3, 5.6), (500, 4.0, 3.5), (1000, 2.8, 2.5)],
)
def test_detectable_effect_equals_the_figures_for_a_tenth_discordant(
    pairs: int, two_sided: float, one_sided: float
) -> None:
    """A two-sided 5 % is a one-sided 2.5 %."""
    at_half = minimal_detectable_effect(pairs, discordance=0.1, alpha=0.025)
    at_full = minimal_detectable_effect(pairs, discordance=0.1)
    assert (100 * at_half, 100 * at_full) == pytest.approx((two_sided, one_sided), abs=0.05)


def test_without_discordance_the_exact_test_sets_the_floor() -> None:
    """Four losses of 100 never fail, five do."""
    assert minimal_detectable_effect(100, discordance=0) == pytest.approx(0.05)
    assert mcnemar_p(4, 0) > 0.05 >= mcnemar_p(5, 0)


def test_with_too_few_pairs_nothing_is_found() -> None:
    """Even four losses of four may be luck."""
    assert minimal_detectable_effect(4, discordance=0.1) == 1.0


@pytest.mark.parametrize(
    ("effect", "discordance", "expected"),
    [
        pytest.param(0.05, 0.1, 248, id="five points"),
        pytest.param(0.1, 0.1, 62, id="ten points need a quarter"),
        pytest.param(0.05, 0.0, 100, id="the floor of the exact test"),
        pytest.param(1.0, 0.0, 5, id="the loss of everything"),
    ],
)
def test_pairs_needed_are_the_fewest_that_find_the_effect(
    effect: float, discordance: float, expected: int
) -> None:
    """One pair fewer finds only a larger effect."""
    assert pairs_needed(effect, discordance=discordance) == expected
    assert minimal_detectable_effect(expected, discordance=discordance) <= effect + 1e-9
    fewer = minimal_detectable_effect(expected - 1, discordance=discordance)
    assert fewer > effect or fewer == 1.0


@pytest.mark.parametrize("pairs", range(60, 400, 7))
def test_what_is_detectable_with_some_pairs_needs_that_many(pairs: int) -> None:
    """There and back, whatever the last bits of a float say."""
    effect = minimal_detectable_effect(pairs, discordance=0.1)
    assert pairs_needed(effect, discordance=0.1) == pairs


def test_less_power_than_level_needs_no_more_than_the_exact_test() -> None:
    """A test that may fail so often is lucky soon."""
    assert pairs_needed(0.5, discordance=0.5, power=0.01) == 10


@pytest.mark.parametrize("margin", [0.01, 0.02, 0.05, 0.1, 0.3])
def test_without_discordance_no_loss_is_shown_by_the_first_bound_above_the_margin(
    margin: float,
) -> None:
    """Exactly: one pair fewer does not show it."""
    pairs = pairs_to_show_no_loss(margin, discordance=0)
    assert difference_interval(0, 0, pairs, confidence=0.9)[0] > -margin
    assert difference_interval(0, 0, pairs - 1, confidence=0.9)[0] <= -margin


@pytest.mark.parametrize(
    ("margin", "discordance", "expected"),
    [
        pytest.param(0.05, 0.0, 52, id="nothing differs"),
        pytest.param(0.05, 0.1, 266, id="a tenth differs"),
        pytest.param(0.1, 0.1, 76, id="twice the margin"),
        pytest.param(1.0, 0.1, 1, id="everything may be lost"),
    ],
)
def test_discordance_makes_no_loss_harder_to_show(
    margin: float, discordance: float, expected: int
) -> None:
    """Simulated with these numbers, 76 to 83 % of runs show it."""
    assert pairs_to_show_no_loss(margin, discordance=discordance) == expected


def test_more_power_takes_more_pairs() -> None:
    """Luck below one half is not counted on."""
    at_most = pairs_to_show_no_loss(0.05, discordance=0.1, power=0.2)
    even = pairs_to_show_no_loss(0.05, discordance=0.1, power=0.5)
    sure = pairs_to_show_no_loss(0.05, discordance=0.1, power=0.95)
    assert at_most == even < 266 < sure


def test_a_margin_beyond_counting_ends_the_search() -> None:
    """The search stops at its ceiling instead of for ever."""
    assert pairs_to_show_no_loss(1e-13, discordance=0) == 1 << 40


@pytest.mark.parametrize("loss", [0.0, -0.1, 1.1])
def test_what_is_no_loss_is_refused(loss: float) -> None:
    """5 is a common slip for 0.05."""
    with pytest.raises(ValueError, match="effect is"):
        pairs_needed(loss, discordance=0.1)
    with pytest.raises(ValueError, match="margin is"):
        pairs_to_show_no_loss(loss, discordance=0.1)


@pytest.mark.parametrize(
    ("discordance", "alpha", "power", "message"),
    [
        pytest.param(-0.1, 0.05, 0.8, "discordance is", id="negative discordance"),
        pytest.param(1.1, 0.05, 0.8, "discordance is", id="more than all discordant"),
        pytest.param(0.1, 0.0, 0.8, "alpha is", id="no error allowed"),
        pytest.param(0.1, 0.5, 0.8, "alpha is", id="a coin"),
        pytest.param(0.1, 0.05, 1.0, "power is", id="certainty"),
        pytest.param(0.1, 0.05, 0.0, "power is", id="no power"),
    ],
)
def test_shares_outside_their_range_are_refused(
    discordance: float, alpha: float, power: float, message: str
) -> None:
    """Each of the three plans checks them."""
    with pytest.raises(ValueError, match=message):
        minimal_detectable_effect(10, discordance=discordance, alpha=alpha, power=power)
    with pytest.raises(ValueError, match=message):
        pairs_needed(0.1, discordance=discordance, alpha=alpha, power=power)
    with pytest.raises(ValueError, match=message):
        pairs_to_show_no_loss(0.1, discordance=discordance, alpha=alpha, power=power)


@pytest.mark.parametrize("pairs", [0, -1, float("nan")])
def test_no_pairs_are_refused(pairs: float) -> None:
    """There is no effect to name."""
    with pytest.raises(ValueError, match="pairs is"):
        minimal_detectable_effect(pairs, discordance=0.1)
