"""Compare head with base on the same scenarios: exact tests, and the interval of the difference.

Pure arithmetic. The unit is the cluster: scenarios of one family stand or fall together, and so do
the trials of one scenario; `harness.comparison` averages trials first and sums scenarios by family.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from harness.stats.rates import two_sided_z

LARGEST_LATTICE_BITS = 50_000_000
"""How large the counting integer may grow: 300 clusters of 5 trials need about 1 million bits."""
BISECTIONS = 64
"""Halvings of an interval of length 1: more than a float can tell apart."""


class Alternative(StrEnum):
    """Name what would be news: the head is worse (less), better (greater), or either."""

    LESS = "less"
    GREATER = "greater"
    TWO_SIDED = "two-sided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discordance:
    """Hold how much of a comparison went each way, in units of independent pairs.

    Attributes:
        worse: mass on which the head did worse.
        better: mass on which it did better.
        pairs: mass compared; `worse + better` is at most this.
    """

    worse: float
    better: float
    pairs: float


def mcnemar_p(worse: int, better: int) -> float:
    """Return how often a fair coin would show at least this many worse among the discordant pairs.

    Returns:
        the exact one-sided P(X >= worse) with X ~ Bin(worse + better, 1/2); 1 without discordance.

    Raises:
        ValueError: a negative count.

    Source: Q. McNemar, "Note on the Sampling Error of the Difference Between Correlated
    Proportions or Percentages", Psychometrika 12 (1947), 153-157; the exact form is the sign test.

    >>> mcnemar_p(5, 0)
    0.03125
    """
    if worse < 0 or better < 0:
        raise ValueError(f"{worse} worse and {better} better, expected counts of at least 0")
    discordant = worse + better
    rare = min(worse, better + 1)
    below, ways = 0, 1
    for chosen in range(rare):
        below += ways
        ways = ways * (discordant - chosen) // (chosen + 1)
    # `below` counts P(X < worse), or mirrored P(X >= worse), whichever has fewer terms.
    count = below if rare == better + 1 else (1 << discordant) - below
    return count / (1 << discordant)


def sign_flip_p(differences: Sequence[Fraction], *, alternative: Alternative) -> float:
    """Return the exact p-value of the summed difference when head and base are interchangeable.

    Were both the same, each cluster's difference could as well have had the other sign. All 2^n
    assignments of signs are counted, none is sampled: as the coefficients of a polynomial, held in
    one integer.

    Args:
        differences: for each cluster the sum over its scenarios of head's minus base's pass share.
        alternative: LESS returns P(sum <= observed), the others accordingly.

    Returns:
        the p-value; for denominators so varied that the lattice would exceed
        `LARGEST_LATTICE_BITS`, an upper bound on it, a few per mille above.

    Source: R. A. Fisher, "The Design of Experiments" (1935), §21.

    >>> sign_flip_p([Fraction(-1)] * 5, alternative=Alternative.LESS)
    0.03125
    >>> sign_flip_p([Fraction(-1, 3), Fraction(2, 3)], alternative=Alternative.GREATER)
    0.5
    """
    moved = [difference for difference in differences if difference]
    if alternative is Alternative.LESS:
        return _chance_of_less(moved)
    mirrored = [-difference for difference in moved]
    if alternative is Alternative.GREATER:
        return _chance_of_less(mirrored)
    _, steps = _on_lattice(moved)
    return min(1.0, 2 * _chance_of_less(moved if sum(steps) < 0 else mirrored))


def difference_interval(
    worse: float, better: float, pairs: float, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of (better - worse) / pairs that the paired counts do not contradict.

    A score interval: it holds its level with few or no discordant pairs, where a mean and its
    standard error claim certainty. With zero discordance it is about ± z² / (pairs + z²).

    Args:
        worse: discordant pairs that the head lost. A fraction is welcome: where trials were
            averaged, a difference of 1/3 counts as a third of a pair. Its variance is then
            overstated, so the interval is wider than needed, never narrower.
        better: discordant pairs that the head won, likewise.
        pairs: all pairs.
        confidence: of both sides together; one side errs half of the rest.

    Returns:
        lowest and highest difference, from -1 to 1; (-1, 1) without pairs.

    Raises:
        ValueError: masses that no comparison has, or a confidence outside 0 to 1.

    Source: T. Tango, "Equivalence Test and Confidence Interval for the Difference in Proportions
    for the Paired-Sample Design", Statistics in Medicine 17 (1998), 891-908.

    >>> [round(bound, 3) for bound in difference_interval(0, 0, 100)]
    [-0.037, 0.037]
    """
    _require_masses(worse, better, pairs)
    z = two_sided_z(confidence)
    if pairs == 0:
        return (-1.0, 1.0)
    high = _highest_difference(Discordance(worse=worse, better=better, pairs=pairs), z)
    low = -_highest_difference(Discordance(worse=better, better=worse, pairs=pairs), z)
    return (low, high)


def independent_pairs(differences: Sequence[Fraction], sizes: Sequence[int]) -> Discordance:
    """Express clustered differences as so many independent pairs with the same uncertainty.

    Pairs of a family move together, so that they carry less than their number. How much less is
    read off the discordance itself: the squared cluster sums against what independent pairs would
    give. Little discordance says little about it, so one more family is imagined that moved as one:
    without any discordance, families count as wholes. Independence is the best that is assumed.

    Args:
        differences: for each cluster the sum over its scenarios of head's minus base's pass share.
        sizes: for each cluster the number of its scenarios.

    Returns:
        masses for `difference_interval`; the difference per pair stays what it was.

    Raises:
        ValueError: not one size per difference, or a cluster that moved by more than its size.

    Source: the design effect of L. Kish, "Survey Sampling" (1965), §5.4 and §8.2.

    >>> independent_pairs([Fraction(0)] * 10, [6] * 10).pairs
    10.0
    """
    _require_clusters(differences, sizes)
    pairs = sum(sizes)
    if not pairs:
        return Discordance(worse=0.0, better=0.0, pairs=0.0)
    scale, steps = _on_lattice(differences)
    worse = sum(-step for step in steps if step < 0)
    better = sum(step for step in steps if step > 0)
    family = Fraction(sum(size * size for size in sizes), pairs)
    squares = Fraction(sum(step * step for step in steps), scale * scale)
    moved = Fraction(worse + better, scale)
    effect = max(Fraction(1), (squares + family * family) / (moved + family))
    return Discordance(
        worse=float(worse / (scale * effect)),
        better=float(better / (scale * effect)),
        pairs=float(pairs / effect),
    )


def _chance_of_less(moved: Sequence[Fraction]) -> float:
    """Return the share of sign assignments whose sum is at most the observed sum."""
    _, steps = _on_lattice(moved)
    unit = math.gcd(*steps)
    steps = [step // unit for step in steps]
    slack = 0
    longest = LARGEST_LATTICE_BITS // (len(steps) + 1)
    total = sum(map(abs, steps))
    if total > longest:
        steps, slack = _coarsened(steps, cells=longest, total=total)
    # A sum is twice the positive part minus a constant: count the subsets of the sizes that sum to
    # at most the observed positive part.
    positive = sum(step for step in steps if step > 0) + slack
    count = _subsets_within([abs(step) for step in steps], positive)
    return count / (1 << len(steps))


def _on_lattice(differences: Sequence[Fraction]) -> tuple[int, list[int]]:
    """Return the common denominator and the numerators over it."""
    scale = math.lcm(*{difference.denominator for difference in differences})
    return scale, [
        difference.numerator * (scale // difference.denominator) for difference in differences
    ]


def _coarsened(steps: Sequence[int], *, cells: int, total: int) -> tuple[list[int], int]:
    """Round to a coarser lattice; the slack is how far rounding can have moved any sum, at most."""
    cell = -(-total // cells)
    rounded = [(2 * step + cell) // (2 * cell) for step in steps]
    error = sum(abs(step - near * cell) for step, near in zip(steps, rounded, strict=True))
    return rounded, error // cell


def _subsets_within(sizes: Sequence[int], limit: int) -> int:
    """Count the subsets whose sum is at most the limit.

    The product of (1 + x^size) is kept in one integer, a coefficient a slot: multiplying is a shift
    and an addition. Subsets mirror their complements, so at most half of the slots are needed.
    """
    total = sum(sizes)
    if limit >= total:
        return 1 << len(sizes)
    mirrored = total - limit - 1
    if mirrored < limit:
        return (1 << len(sizes)) - _subsets_within(sizes, mirrored)
    slot = len(sizes) + 1
    kept = (1 << (limit + 1) * slot) - 1
    product, reach = 1, 0
    for size in sorted(sizes):
        product += product << size * slot
        reach += size
        if reach > limit:
            product &= kept
    # The digits of a number in base B sum to its remainder by B - 1: no digit sum reaches it here.
    return product % ((1 << slot) - 1)


def _highest_difference(seen: Discordance, z: float) -> float:
    """Return the largest true difference that lies within z of the observed one."""
    observed = (seen.better - seen.worse) / seen.pairs
    low, high = observed, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if seen.pairs * (middle - observed) <= z * _spread(seen, middle):
            low = middle
        else:
            high = middle
    return high


def _spread(seen: Discordance, difference: float) -> float:
    """Return the standard deviation of better - worse were this the true difference.

    The chance of a worse pair is not known: it takes its likeliest value under that difference.
    """
    linear = (2 * seen.pairs - seen.better + seen.worse) * difference - seen.better - seen.worse
    constant = -seen.worse * difference * (1 - difference)
    root = math.sqrt(max(0.0, linear * linear - 8 * seen.pairs * constant))
    chance_worse = max(0.0, (root - linear) / (4 * seen.pairs))
    return math.sqrt(max(0.0, seen.pairs * (2 * chance_worse + difference * (1 - difference))))


def _require_masses(worse: float, better: float, pairs: float) -> None:
    if not (worse >= 0 and better >= 0 and worse + better <= pairs * (1 + 1e-12)):
        raise ValueError(
            f"{worse} worse and {better} better of {pairs} pairs, expected masses of at least 0 "
            "that sum to at most the pairs"
        )


def _require_clusters(differences: Sequence[Fraction], sizes: Sequence[int]) -> None:
    if len(differences) != len(sizes):
        raise ValueError(f"{len(differences)} differences and {len(sizes)} sizes, expected as many")
    for difference, size in zip(differences, sizes, strict=True):
        if size < 1 or abs(difference.numerator) > size * difference.denominator:
            raise ValueError(
                f"a cluster of {size} scenarios differs by {difference}, expected at least 1 "
                "scenario and a difference of at most 1 a scenario"
            )
