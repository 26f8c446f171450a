"""Kappa equals published figures; its bound is never certain."""

from __future__ import annotations

import math
from random import Random

import pytest

from harness.stats.agreement import cohen_kappa, kappa_lower_bound

Table = dict[tuple[str, str], int]
EVEN: Table = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}


def pairs_of(table: Table) -> list[tuple[str, str]]:
    """Write a table of counts out."""
    return [pair for pair, count in table.items() for _ in range(count)]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param(EVEN, 0.4, id="textbook example of 50 proposals"),
        pytest.param({("a", "a"): 3, ("b", "b"): 4}, 1.0, id="perfect"),
        pytest.param({("a", "b"): 5, ("b", "a"): 5}, -1.0, id="always the other"),
        pytest.param({("a", "a"): 5, ("a", "b"): 5}, 0.0, id="one rater says one thing only"),
        pytest.param({("a", "b"): 5}, 0.0, id="no label in common"),
        pytest.param(
            {("a", "a"): 88, ("a", "b"): 14, ("a", "c"): 18, ("b", "a"): 10, ("b", "b"): 40}
            | {("b", "c"): 10, ("c", "a"): 2, ("c", "b"): 6, ("c", "c"): 12},
            0.4915,
            id="three labels",
        ),
    ],
)
def test_kappa_is_the_agreement_beyond_chance(table: Table, expected: float) -> None:
    """(agreement - chance) / (1 - chance)."""
    assert cohen_kappa(pairs_of(table)) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("table", [{}, {("a", "a"): 60}])
def test_labels_that_never_vary_show_no_agreement(table: Table) -> None:
    """NaN is at least nothing, so that no gate takes it for agreement."""
    assert math.isnan(cohen_kappa(pairs_of(table)))
    assert math.isnan(kappa_lower_bound(pairs_of(table)))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param({("a", "a"): 25, ("b", "b"): 25}, 0.897, id="perfect agreement on fifty"),
        pytest.param({("a", "a"): 49, ("b", "b"): 1}, -0.308, id="one case of the rare label"),
        pytest.param(EVEN, 0.1708, id="fair agreement"),
    ],
)
def test_lower_bound_stays_below_kappa(table: Table, expected: float) -> None:
    """Perfect agreement on few or one-sided labels proves little."""
    bound = kappa_lower_bound(pairs_of(table))
    assert bound == pytest.approx(expected, abs=2e-3)
    assert bound < cohen_kappa(pairs_of(table))


def test_more_confidence_is_a_lower_bound() -> None:
    """The level is a parameter."""
    pairs = pairs_of(EVEN)
    at_half, at_95, at_99 = (kappa_lower_bound(pairs, confidence=at) for at in (0.51, 0.95, 0.99))
    assert at_99 < at_95 < at_half < cohen_kappa(pairs)


@pytest.mark.parametrize("confidence", [0.5, 1.0])
def test_confidence_of_a_coin_and_certainty_are_refused(confidence: float) -> None:
    """Below one half it would be no lower bound."""
    with pytest.raises(ValueError, match="confidence is"):
        kappa_lower_bound([], confidence=confidence)


@pytest.mark.parametrize("kappa", [0.4, 0.6, 0.8, 0.95])
@pytest.mark.parametrize("rare", [0.5, 0.2])
def test_lower_bound_holds_its_level(kappa: float, rare: float) -> None:
    """In at least 93 % of 600 simulated samples of 80 items the true kappa lies above it."""
    random = Random(f"{kappa} {rare}")
    held = 0
    for _ in range(600):
        pairs = [_labels(kappa, rare, random) for _ in range(80)]
        held += kappa_lower_bound(pairs) <= kappa
    assert held / 600 >= 0.93


def _labels(kappa: float, rare: float, random: Random) -> tuple[str, str]:
    """Draw a pair whose true kappa this is: a copy, or two of their own."""
    one, other = ("rare" if random.random() < rare else "usual" for _ in range(2))
    return (one, one) if random.random() < kappa else (one, other)
