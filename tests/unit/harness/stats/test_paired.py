"""Paired tests and intervals equal figures worked out elsewhere, and refuse what can't be."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise, product
from random import Random
from time import perf_counter

import pytest

from harness.stats.paired import (
    Alternative,
    difference_interval,
    independent_pairs,
    mcnemar_p,
    sign_flip_p,
)

THIRD = Fraction(1, 3)


@pytest.mark.parametrize(
    ("worse", "better", "expected"),
    [
        pytest.param(0, 0, 1.0, id="no discordance shows nothing"),
        pytest.param(5, 0, 1 / 32, id="five losses in a row are the fewest that fail"),
        pytest.param(4, 0, 1 / 16, id="four losses are not enough"),
        pytest.param(0, 5, 1.0, id="wins are no loss"),
        pytest.param(3, 1, 5 / 16, id="three of four"),
        pytest.param(8, 2, 56 / 1024, id="eight of ten"),
        pytest.param(2, 8, 1013 / 1024, id="two of ten"),
    ],
)
def test_mcnemar_counts_the_tail_of_a_fair_coin(worse: int, better: int, expected: float) -> None:
    """P(X >= worse) with X ~ Bin(worse + better, 1/2)."""
    assert mcnemar_p(worse, better) == expected


@pytest.mark.parametrize(("worse", "better"), [(-1, 2), (2, -1)])
def test_negative_counts_are_refused(worse: int, better: int) -> None:
    """The message names them."""
    with pytest.raises(ValueError, match=f"{worse} worse and {better} better"):
        mcnemar_p(worse, better)


@pytest.mark.parametrize(
    ("differences", "less", "greater", "two_sided"),
    [
        pytest.param([], 1, 1, 1, id="no cluster"),
        pytest.param([Fraction(0)] * 9, 1, 1, 1, id="no discordance"),
        pytest.param([Fraction(-1)] * 5, 1 / 32, 1, 2 / 32, id="five losses"),
        pytest.param([Fraction(2)] * 3, 1, 1 / 8, 2 / 8, id="three wins of two each"),
        pytest.param([THIRD, -2 * THIRD], 1 / 2, 3 / 4, 1, id="thirds"),
        pytest.param([Fraction(-3), Fraction(1), Fraction(-1)], 3 / 8, 7 / 8, 6 / 8, id="a family"),
        pytest.param([Fraction(1), Fraction(-1)], 3 / 4, 3 / 4, 1, id="a draw"),
    ],
)
def test_sign_flips_are_counted(
    differences: Sequence[Fraction], less: float, greater: float, two_sided: float
) -> None:
    """Each of the 2^n assignments of signs counts once; ties with the observed sum count."""
    assert sign_flip_p(differences, alternative=Alternative.LESS) == less
    assert sign_flip_p(differences, alternative=Alternative.GREATER) == greater
    assert sign_flip_p(differences, alternative=Alternative.TWO_SIDED) == two_sided


def test_clusters_without_a_difference_change_nothing() -> None:
    """Their flip is the same world."""
    moved = [Fraction(-2, 5), Fraction(1, 5), Fraction(-3, 5)]
    alone = sign_flip_p(moved, alternative=Alternative.LESS)
    assert sign_flip_p([*moved, *[Fraction(0)] * 50], alternative=Alternative.LESS) == alone


def test_three_hundred_clusters_of_five_trials_take_a_blink() -> None:
    """Exact does not mean slow: about 2 ms, bounded here with room for a busy machine."""
    random = Random(3)
    differences = [Fraction(random.randint(-5, 5), 5) for _ in range(300)]
    start = perf_counter()
    sign_flip_p(differences, alternative=Alternative.LESS)
    assert perf_counter() - start < 0.1


def test_a_lattice_too_large_is_coarsened_to_a_bound_from_above() -> None:
    """Rounding may cost power, never the level: sums that tie exactly still count as ties."""
    primes = (101, 103, 107, 109, 113)
    few: list[Fraction] = []
    for one, other in pairwise(primes):
        lost, won = Fraction(-5, one), Fraction(-7, other)
        few += [lost, won, -(lost + won)]
    sums = [
        sum(sign * moved for sign, moved in zip(signs, few, strict=True))
        for signs in product((1, -1), repeat=len(few))
    ]
    exact = sum(found <= sum(few) for found in sums) / len(sums)
    bound = sign_flip_p(few, alternative=Alternative.LESS)
    assert exact <= bound <= exact + 0.001


@pytest.mark.parametrize(
    ("worse", "better", "pairs", "low", "high"),
    [
        pytest.param(7, 1, 21, -0.517, -0.026, id="published example, airway reactivity"),
        pytest.param(0, 0, 100, -0.0370, 0.0370, id="no discordance"),
        pytest.param(10, 0, 10, -1.0, -0.4449, id="everything lost"),
        pytest.param(0, 10, 10, 0.4449, 1.0, id="everything won"),
        pytest.param(0, 0, 0, -1.0, 1.0, id="no pairs"),
    ],
)
def test_difference_interval_equals_known_figures(
    worse: float, better: float, pairs: float, low: float, high: float
) -> None:
    """The published one is of Bentur et al. (2009), as Fagerland et al. (2014) analyse it."""
    assert difference_interval(worse, better, pairs) == pytest.approx((low, high), abs=5e-4)


def test_without_discordance_the_bound_has_a_closed_form() -> None:
    """z² / (n + z²), at 90 % on both sides with z = 1.645."""
    low, high = difference_interval(0, 0, 52, confidence=0.9)
    assert high == -low == pytest.approx(1.6448536**2 / (52 + 1.6448536**2))


@pytest.mark.parametrize(
    ("worse", "better", "pairs"),
    [
        pytest.param(-1, 0, 5, id="negative losses"),
        pytest.param(0, -1, 5, id="negative wins"),
        pytest.param(3, 3, 5, id="more discordance than pairs"),
    ],
)
def test_masses_that_no_comparison_has_are_refused(
    worse: float, better: float, pairs: float
) -> None:
    """The message names them."""
    with pytest.raises(ValueError, match=f"{worse} worse and {better} better of {pairs} pairs"):
        difference_interval(worse, better, pairs)


@pytest.mark.parametrize(
    ("differences", "sizes", "worse", "better", "pairs"),
    [
        pytest.param([-1, 1, 0, 0], [1, 1, 1, 1], 1, 1, 4, id="singletons stay what they are"),
        pytest.param([-THIRD] * 3, [1] * 3, 1, 0, 3, id="averaged trials stay conservative"),
        pytest.param([0, 0], [6, 6], 0, 0, 2, id="unmoved families count as wholes"),
        pytest.param([-6, 0], [6, 6], 1, 0, 2, id="families that move as one count as wholes"),
        pytest.param([-1] * 8, [2] * 8, 20 / 3, 0, 40 / 3, id="families that hardly move together"),
        pytest.param([], [], 0, 0, 0, id="nothing compared"),
    ],
)
def test_families_carry_less_than_their_number(
    differences: Sequence[Fraction | int],
    sizes: Sequence[int],
    worse: float,
    better: float,
    pairs: float,
) -> None:
    """The design effect is read off the squares of the family sums."""
    seen = independent_pairs([Fraction(moved) for moved in differences], sizes)
    found = (seen.worse, seen.better, seen.pairs)
    assert found == pytest.approx((worse, better, pairs))


@pytest.mark.parametrize(
    ("differences", "sizes", "message"),
    [
        pytest.param([Fraction(1)], [1, 1], "1 differences and 2 sizes", id="lengths differ"),
        pytest.param([Fraction(0)], [0], "a cluster of 0 scenarios", id="an empty family"),
        pytest.param([Fraction(-5, 2)], [2], "differs by -5/2", id="more than its size"),
    ],
)
def test_clusters_that_cannot_be_are_refused(
    differences: Sequence[Fraction], sizes: Sequence[int], message: str
) -> None:
    """The message names the cluster."""
    with pytest.raises(ValueError, match=message):
        independent_pairs(differences, sizes)
