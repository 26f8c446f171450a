"""Bound the mean of per-scenario values whose scenarios share families.

Pure arithmetic on numbers from 0 to 1, such as pass shares and unbiased pass^k;
`harness.summary` calls it. Plain counts of independent trials are `harness.stats.rates`' business.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from harness.stats.rates import mean_of, two_sided_z

IMAGINED_SHARE = 0.1
"""How much of one further cluster, all or nothing, is mixed in: with 0.1 the simulated coverage is
nearest to its level over pass rates and pass^k of 20 to 266 scenarios."""
NORMAL_FROM = 1000
"""Degrees of freedom from which Student's t is the normal distribution to three digits."""
WIDEST_T = 1e9
BISECTIONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spread:
    """Hold what the clusters say about the uncertainty of a mean.

    Attributes:
        mean: of all values.
        clusters: how many there are.
        independent: how many independent all-or-nothing values have the same uncertainty.
    """

    mean: float
    clusters: int
    independent: float


def clustered_interval(
    values: Sequence[float], clusters: Sequence[str], *, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Return the interval of means that the values do not contradict, given their clusters.

    Wilson's interval with as many independent values as give the mean its cluster-robust variance,
    finite-cluster correction included, and Student's t for few clusters. Values that are all 0 or
    all 1 show no variance: then each cluster counts as one value, however many scenarios it has.

    Args:
        values: one a scenario, from 0 to 1; trials are averaged before.
        clusters: for each value the family of its scenario.
        confidence: of both sides together.

    Returns:
        lowest and highest mean, which hold the observed one; None without values.

    Raises:
        ValueError: not one cluster per value, a value or a confidence outside 0 to 1.

    Source: E. Miller, "Adding Error Bars to Evals" (2024), arXiv 2411.00640, for the variance;
    E. B. Wilson (1927) for the form; L. Kish, "Survey Sampling" (1965), for unequal clusters.

    >>> [round(bound, 3) for bound in clustered_interval([1] * 30, ["one", "two", "three"] * 10)]
    [0.439, 1.0]
    """
    _require_values(values, clusters)
    z = two_sided_z(confidence)
    if not values:
        return None
    spread = _spread(values, clusters)
    if spread.mean in {0.0, 1.0}:
        return _wilson(spread, z)
    return _wilson(spread, student_t(max(1, spread.clusters - 1), confidence=confidence))


@lru_cache(maxsize=1_024)
def student_t(freedom: int, *, confidence: float) -> float:
    """Return how many estimated standard errors to each side an interval reaches.

    Args:
        freedom: degrees of freedom, at least 1.
        confidence: of both sides together.

    Raises:
        ValueError: no degree of freedom, or a confidence outside 0 to 1.

    Source: Student, "The Probable Error of a Mean", Biometrika 6 (1908), 1-25; the finite sums are
    M. Abramowitz and I. Stegun, "Handbook of Mathematical Functions" (1964), 26.7.3 and 26.7.4.

    >>> round(student_t(9, confidence=0.95), 3)
    2.262
    """
    z = two_sided_z(confidence)
    if freedom < 1:
        raise ValueError(f"{freedom} degrees of freedom, expected at least 1")
    if freedom >= NORMAL_FROM:
        return z
    low, high = z, WIDEST_T
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if _chance_within(middle, freedom) < confidence:
            low = middle
        else:
            high = middle
    return high


def _spread(values: Sequence[float], clusters: Sequence[str]) -> _Spread:
    """Return the mean with the number of independent values that it is worth."""
    mean = min(1.0, max(0.0, mean_of(values)))
    sizes: dict[str, int] = {}
    residuals: dict[str, float] = {}
    for value, cluster in zip(values, clusters, strict=True):
        sizes[cluster] = sizes.get(cluster, 0) + 1
        residuals[cluster] = residuals.get(cluster, 0.0) + value - mean
    wholes = _squares(sizes.values())
    correction = len(sizes) / (len(sizes) - 1) if len(sizes) > 1 else 1.0
    imagined = IMAGINED_SHARE * wholes / len(values)
    # Seen against what it would be were each cluster all or nothing.
    seen = correction * _squares(residuals.values()) + imagined
    most = mean * (1 - mean) * wholes + imagined
    share = seen / most if len(sizes) > 1 else 1.0
    return _Spread(mean=mean, clusters=len(sizes), independent=len(values) ** 2 / wholes / share)


def _wilson(spread: _Spread, z: float) -> tuple[float, float]:
    """Return Wilson's interval of a mean that need not be a ratio of counts."""
    weight = z * z / spread.independent
    middle = (spread.mean + weight / 2) / (1 + weight)
    variance = spread.mean * (1 - spread.mean) / spread.independent
    reach = z * math.sqrt(variance + weight / (4 * spread.independent)) / (1 + weight)
    low = 0.0 if spread.mean == 0 else max(0.0, middle - reach)
    high = 1.0 if spread.mean == 1 else min(1.0, middle + reach)
    return (low, high)


def _chance_within(t: float, freedom: int) -> float:
    """Return the chance that Student's t lies between -t and t."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = term if freedom > 1 else 0.0
    for at in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine * cosine * (at - 1) / at
        total += term
    return (angle + sine * total) * 2 / math.pi if odd else sine * total


def _squares(numbers: Iterable[float]) -> float:
    return math.fsum(number * number for number in numbers)


def _require_values(values: Sequence[float], clusters: Sequence[str]) -> None:
    if len(values) != len(clusters):
        raise ValueError(f"{len(values)} values and {len(clusters)} clusters, expected as many")
    for value in values:
        if not 0 <= value <= 1:
            raise ValueError(f"a value is {value}, expected a number from 0 to 1")
