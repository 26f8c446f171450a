"""Plan how many paired scenarios a comparison needs, and say what a given number can show.

Pure arithmetic; a verdict of "inconclusive" names these figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from harness.stats.paired import difference_interval
from harness.stats.rates import normal_quantile

MOST_PAIRS = 1 << 40
"""Beyond this nobody counts scenarios."""
ROUNDING = 1e-9
"""A number of pairs that is whole but for the last bits of a float is whole."""


def minimal_detectable_effect(
    pairs: float, *, discordance: float, alpha: float = 0.05, power: float = 0.8
) -> float:
    """Return the smallest true loss that a one-sided paired test finds with this power.

    The normal approximation (z_alpha + z_power) · sqrt(discordance / pairs), and no less than the
    share that the exact test needs even if every discordant pair is a loss. The familiar figures
    for 10 % discordance, 12.5 points at 50 pairs to 2.8 at 1000, are those of a two-sided test at
    5 %: pass alpha=0.025 for them; a one-sided test at 5 % finds 11.1 and 2.5 points.

    Args:
        pairs: scenarios compared, or fewer where they share families.
        discordance: share of pairs expected to differ, in either direction.
        alpha: one-sided level of the test.
        power: chance of finding the loss.

    Returns:
        a difference of pass rates; 1 where even the loss of everything may go unnoticed.

    Raises:
        ValueError: a number of pairs of 0 or less, or a share outside 0 to 1.

    >>> round(minimal_detectable_effect(200, discordance=0.1, alpha=0.025), 3)
    0.063
    """
    if not pairs > 0:
        raise ValueError(f"pairs is {pairs}, expected more than 0")
    reach = _reach(discordance, alpha, power)
    return min(1.0, max(reach / math.sqrt(pairs), _fewest_losses(alpha) / pairs))


def pairs_needed(
    effect: float, *, discordance: float, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Return the fewest pairs with which a one-sided paired test finds this true loss.

    Args:
        effect: the loss, a difference of pass rates above 0.
        discordance: share of pairs expected to differ, in either direction.
        alpha: one-sided level of the test.
        power: chance of finding the loss.

    Returns:
        the smallest n whose `minimal_detectable_effect` is at most the effect.

    Raises:
        ValueError: an effect that is no loss, or a share outside 0 to 1.

    >>> pairs_needed(0.05, discordance=0.1)
    248
    """
    _require_loss("effect", effect)
    reach = _reach(discordance, alpha, power)
    needed = max((reach / effect) ** 2, _fewest_losses(alpha) / effect)
    return math.ceil(needed * (1 - ROUNDING))


def pairs_to_show_no_loss(
    margin: float, *, discordance: float, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Return the fewest pairs that are likely to show a head without loss to be no worse.

    Head and base are truly alike; by chance the observed difference falls below zero, with the
    wanted power by no more than z_power of its standard errors. Even then the lower score bound of
    the difference must stay above the margin.

    Args:
        margin: the loss that must be ruled out, a difference of pass rates above 0.
        discordance: share of pairs expected to differ, in either direction.
        alpha: one-sided level of the bound.
        power: chance of showing it.

    Returns:
        without discordance exactly the smallest n whose bound is above -margin.

    Raises:
        ValueError: a margin that is no loss, or a share outside 0 to 1.

    >>> pairs_to_show_no_loss(0.05, discordance=0)
    52
    """
    _require_loss("margin", margin)
    _require_shares(discordance, alpha, power)

    def shows(pairs: int) -> bool:
        return _unlucky_bound(pairs, discordance, alpha=alpha, power=power) > -margin

    return _first(shows)


def _reach(discordance: float, alpha: float, power: float) -> float:
    """Return the smallest effect at one pair; it falls with the root of the pairs."""
    _require_shares(discordance, alpha, power)
    errors = normal_quantile(1 - alpha) + normal_quantile(power)
    return max(0.0, errors) * math.sqrt(discordance)


def _fewest_losses(alpha: float) -> int:
    """Return how many discordant pairs, all lost, the exact test needs to call it a loss."""
    return math.ceil(-math.log2(alpha))


def _unlucky_bound(pairs: int, discordance: float, *, alpha: float, power: float) -> float:
    """Return the lower bound of the difference when chance favours the base as far as planned."""
    discordant = discordance * pairs
    shift = min(discordant, max(0.0, normal_quantile(power)) * math.sqrt(discordant))
    worse, better = (discordant + shift) / 2, (discordant - shift) / 2
    return difference_interval(worse, better, pairs, confidence=1 - 2 * alpha)[0]


def _first(holds: Callable[[int], bool]) -> int:
    """Return the smallest number for which it holds, given that it holds from there on."""
    high = 1
    while not holds(high) and high < MOST_PAIRS:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def _require_loss(name: str, loss: float) -> None:
    if not 0 < loss <= 1:
        raise ValueError(
            f"{name} is {loss}, expected a difference of pass rates above 0 and at most 1"
        )


def _require_shares(discordance: float, alpha: float, power: float) -> None:
    if not 0 <= discordance <= 1:
        raise ValueError(f"discordance is {discordance}, expected a share from 0 to 1")
    if not 0 < alpha < 1 / 2:
        raise ValueError(f"alpha is {alpha}, expected a one-sided level between 0 and 0.5")
    if not 0 < power < 1:
        raise ValueError(f"power is {power}, expected a chance between 0 and 1, ends left out")
