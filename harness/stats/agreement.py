"""Measure how far two raters agree beyond chance, such as a judge and the people who label.

Pure arithmetic on pairs of labels.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from harness.stats.rates import wilson_interval

Labels = Sequence[tuple[str, str]]


def cohen_kappa(pairs: Labels) -> float:
    """Return the share of the agreement beyond chance that was reached.

    Args:
        pairs: for each item the label of either rater.

    Returns:
        1 for perfect agreement, 0 for what chance gives, below 0 for less. NaN without pairs, and
        where both raters gave one and the same label to everything: that shows no agreement on what
        any other label means.

    Source: J. Cohen, "A Coefficient of Agreement for Nominal Scales", Educational and Psychological
    Measurement 20 (1960), 37-46.

    >>> cohen_kappa([("pass", "pass")] * 20 + [("pass", "fail")] * 5 + [("fail", "fail")] * 25)
    0.8
    """
    if not pairs:
        return math.nan
    return _beyond_chance(_agreed(pairs) / len(pairs), pairs)


def kappa_lower_bound(pairs: Labels, *, confidence: float = 0.95) -> float:
    """Return the kappa that the true one exceeds with this confidence, one-sided.

    Wilson's lower bound of the observed agreement, set against the chance agreement of the observed
    labels. Simulated at 50 to 200 items, kappa 0.4 to 0.95 and labels as rare as 1 in 20, it holds
    95 % everywhere; kappa minus 1.645 of its large-sample standard errors (J. L. Fleiss, J. Cohen
    and B. S. Everitt, 1969) held 23 to 95 %, worst where judges are good.

    Args:
        pairs: for each item the label of either rater.
        confidence: one-sided, above 0.5.

    Returns:
        a bound below 1 even for perfect agreement; NaN where `cohen_kappa` is.

    Raises:
        ValueError: a confidence outside 0.5 to 1.

    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
    JASA 22 (1927), 209-212.

    >>> round(kappa_lower_bound([("pass", "pass")] * 25 + [("fail", "fail")] * 25), 3)
    0.897
    """
    if not 1 / 2 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, expected between 0.5 and 1, ends left out")
    if not pairs:
        return math.nan
    low, _ = wilson_interval(_agreed(pairs), len(pairs), confidence=2 * confidence - 1)
    return _beyond_chance(low, pairs)


def _agreed(pairs: Labels) -> int:
    return sum(one == other for one, other in pairs)


def _beyond_chance(agreement: float, pairs: Labels) -> float:
    """Rescale an agreement so that chance is 0 and perfection 1."""
    ones = Counter(one for one, _ in pairs)
    others = Counter(other for _, other in pairs)
    items = len(pairs)
    by_chance = sum(count * others[label] for label, count in ones.items())
    if by_chance == items * items:
        return math.nan
    expected = by_chance / (items * items)
    return (agreement - expected) / (1 - expected)
