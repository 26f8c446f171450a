"""Estimate rates from few trials, with the uncertainty that few trials leave.

Pure arithmetic on counts and numbers; `harness.summary` and `harness.gate` call it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import NormalDist


def pass_hat_k(successes: int, trials: int, k: int) -> float:
    """Estimate without bias the chance that k fresh trials all succeed (pass^k).

    Returns:
        C(successes, k) / C(trials, k); NaN with fewer than k trials, which say nothing about it.

    Raises:
        ValueError: counts that no experiment has, or k below 1.

    Source: S. Yao et al., "τ-bench" (2024), arXiv 2406.12045, §4. The plug-in (c/n)^k is too high:
    8 of 10 at k = 5 gives 0.33.

    >>> round(pass_hat_k(8, 10, 5), 3)
    0.222
    """
    _require_counts(successes, trials)
    _require_draw(k)
    if trials < k:
        return math.nan
    return math.comb(successes, k) / math.comb(trials, k)


def pass_at_k(successes: int, trials: int, k: int) -> float:
    """Estimate without bias the chance that at least one of k fresh trials succeeds (pass@k).

    Returns:
        1 - C(failures, k) / C(trials, k); NaN with fewer than k trials.

    Raises:
        ValueError: counts that no experiment has, or k below 1.

    Source: M. Chen et al., "Evaluating Large Language Models Trained on Code" (2021),
    arXiv 2107.03374, §2.1.

    >>> round(pass_at_k(1, 10, 5), 3)
    0.5
    """
    _require_counts(successes, trials)
    _require_draw(k)
    if trials < k:
        return math.nan
    return 1 - math.comb(trials - successes, k) / math.comb(trials, k)


def wilson_interval(
    successes: int, trials: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the interval of rates that the counts do not contradict.

    Holds its level for few trials and at rates of 0 and 1, where mean ± 2 standard errors does not.

    Returns:
        lowest and highest rate; (0, 1) without trials.

    Raises:
        ValueError: counts that no experiment has, or a confidence outside 0 to 1.

    Source: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference",
    JASA 22 (1927), 209-212.

    >>> [round(bound, 3) for bound in wilson_interval(10, 10)]
    [0.722, 1.0]
    """
    _require_counts(successes, trials)
    z = two_sided_z(confidence)
    if trials == 0:
        return (0.0, 1.0)
    rate = successes / trials
    weight = z * z / trials
    middle = (rate + weight / 2) / (1 + weight)
    reach = z * math.sqrt(rate * (1 - rate) / trials + weight / (4 * trials)) / (1 + weight)
    low = 0.0 if successes == 0 else max(0.0, middle - reach)
    high = 1.0 if successes == trials else min(1.0, middle + reach)
    return (low, high)


def rule_of_three(trials: int, *, confidence: float = 0.95) -> float:
    """Bound from above the rate of an event that no trial showed.

    Returns:
        the exact bound 1 - (1 - confidence)^(1 / trials), about 3 / trials at 95 %; 1 without any.

    Raises:
        ValueError: a negative number of trials, or a confidence outside 0 to 1.

    Source: J. A. Hanley and A. Lippman-Hand, "If Nothing Goes Wrong, Is Everything All Right?",
    JAMA 249 (1983), 1743-1745.

    >>> round(rule_of_three(100), 4)
    0.0295
    """
    _require_counts(0, trials)
    _require_confidence(confidence)
    if trials == 0:
        return 1.0
    return -math.expm1(math.log1p(-confidence) / trials)


def mean_of(values: Iterable[float]) -> float:
    """Return the mean, summed without loss; NaN of no values."""
    known = list(values)
    return math.fsum(known) / len(known) if known else math.nan


def quantile(values: Sequence[float], q: float) -> float:
    """Return the value below which a share q of the values lies, interpolated between two.

    Raises:
        ValueError: q outside 0 to 1.

    Returns:
        NaN of no values.

    Source: R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages" (1996), type 7.

    >>> quantile([4, 1, 3, 2], 0.5)
    2.5
    """
    if not 0 <= q <= 1:
        raise ValueError(f"q is {q}, expected a share from 0 to 1")
    if not values:
        return math.nan
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    low, high = ordered[below], ordered[math.ceil(place)]
    return min(high, max(low, low + (place - below) * (high - low)))


def normal_quantile(probability: float) -> float:
    """Return the z below which a standard normal variable stays with this probability.

    Raises:
        ValueError: a probability outside 0 to 1, or at either end.

    >>> round(normal_quantile(0.975), 3)
    1.96
    """
    if not 0 < probability < 1:
        raise ValueError(f"probability is {probability}, expected between 0 and 1, ends left out")
    return NormalDist().inv_cdf(probability)


def two_sided_z(confidence: float) -> float:
    """Return how many standard errors to each side an interval of this confidence reaches.

    Raises:
        ValueError: a confidence outside 0 to 1, or at either end.
    """
    _require_confidence(confidence)
    return normal_quantile((1 + confidence) / 2)


def _require_counts(successes: int, trials: int) -> None:
    if not 0 <= successes <= trials:
        raise ValueError(
            f"{successes} successes in {trials} trials, expected 0 <= successes <= trials"
        )


def _require_draw(k: int) -> None:
    if k < 1:
        raise ValueError(f"k is {k}, expected at least 1")


def _require_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, expected between 0 and 1, ends left out")
