"""Tell a rate that is mixed all along from one that changed: exact tests over a history of counts.

Pure arithmetic; `harness.flakiness` asks it whether a scenario flips without having got worse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STABLE = 0.99
"""The pass rate of a scenario that nobody calls flaky; its mirror image never passes."""
LARGEST_EXPONENT = 700.0
"""Beyond it a float overflows; nobody needs a likelihood ratio of 10^304."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Count how trials ended.

    Raises:
        ValueError: a negative count.
    """

    passed: int = 0
    failed: int = 0

    def __post_init__(self) -> None:
        if self.passed < 0 or self.failed < 0:
            raise ValueError(
                f"{self.passed} passed and {self.failed} failed, expected counts of at least 0"
            )

    @property
    def trials(self) -> int:
        """Return how many trials there were."""
        return self.passed + self.failed

    def plus(self, other: Counts) -> Counts:
        """Add two counts."""
        return Counts(passed=self.passed + other.passed, failed=self.failed + other.failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Cut a history in two.

    Attributes:
        at: how many periods come before the cut.
        before, after: what happened on each side.
    """

    at: int
    before: Counts
    after: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Hold where a rate changed most visibly.

    Attributes:
        split: the cut whose sides differ most.
        p_value: of "it never changed", corrected for having looked at every cut.
    """

    split: Split
    p_value: float


def total(history: Sequence[Counts]) -> Counts:
    """Add a history up."""
    return Counts(
        passed=sum(period.passed for period in history),
        failed=sum(period.failed for period in history),
    )


def splits(history: Sequence[Counts]) -> tuple[Split, ...]:
    """Return every cut between two periods that leaves trials on both sides."""
    before, after = Counts(), total(history)
    found: list[Split] = []
    for at, period in enumerate(history, start=1):
        before = before.plus(period)
        after = Counts(passed=after.passed - period.passed, failed=after.failed - period.failed)
        if before.trials and after.trials and period.trials:
            found.append(Split(at=at, before=before, after=after))
    return tuple(found)


def halves(history: Sequence[Counts]) -> Split | None:
    """Return the cut that leaves the same number of trials on both sides, as nearly as there is."""
    return min(
        splits(history), key=lambda cut: abs(cut.before.trials - cut.after.trials), default=None
    )


def fisher_p(one: Counts, other: Counts) -> float:
    """Return how often chance alone gives two groups that differ as improbably as these.

    Returns:
        the exact two-sided p-value: the share of all ways to spread the failures over the trials
        that are no more probable than the observed one; 1 where nothing can differ.

    Source: R. A. Fisher, "Statistical Methods for Research Workers", 5th edition (1934), §21.02.

    >>> round(fisher_p(Counts(passed=8, failed=2), Counts(passed=1, failed=5)), 4)
    0.035
    """
    both = one.plus(other)
    fewest = max(0, both.failed - other.trials)
    most = min(both.failed, one.trials)
    ways = [
        math.comb(one.trials, failed) * math.comb(other.trials, both.failed - failed)
        for failed in range(fewest, most + 1)
    ]
    observed = ways[one.failed - fewest]
    return sum(count for count in ways if count <= observed) / sum(ways)


def change_point(history: Sequence[Counts]) -> Change | None:
    """Return the most visible change of a history; None where it can't be cut.

    Every cut is tested, so the smallest p-value is multiplied by their number: whatever the true
    rate, "at most alpha" is wrong at most alpha of the time when nothing changed.

    Source: the correction of C. E. Bonferroni, "Teoria statistica delle classi e calcolo delle
    probabilità" (1936).

    >>> steady, worse = Counts(passed=10), Counts(passed=5, failed=5)
    >>> found = change_point([steady, steady, worse, worse])
    >>> (found.split.at, round(found.p_value, 3)) if found else None
    (2, 0.001)
    """
    cuts = splits(history)
    if not cuts:
        return None
    p_values = [fisher_p(cut.before, cut.after) for cut in cuts]
    best = min(range(len(cuts)), key=p_values.__getitem__)
    return Change(split=cuts[best], p_value=min(1.0, p_values[best] * len(cuts)))


def chance_of_as_many(events: int, trials: int, *, rate: float) -> float:
    """Return the chance that so many trials show at least so many events of this rate.

    Raises:
        ValueError: counts that no experiment has, or a rate outside 0 to 1.

    >>> round(chance_of_as_many(2, 12, rate=0.01), 4)
    0.0062
    """
    if not 0 <= events <= trials or not 0 <= rate <= 1:
        raise ValueError(
            f"{events} events in {trials} trials at rate {rate}, expected "
            "0 <= events <= trials and a rate from 0 to 1"
        )
    fewer = math.fsum(
        math.comb(trials, count) * rate**count * (1 - rate) ** (trials - count)
        for count in range(events)
    )
    return max(0.0, 1.0 - fewer)


def stable_end(history: Sequence[Counts], *, rate: float = STABLE) -> float:
    """Return how much likelier some end of a history is from a stable rate than from the rest's.

    An end is the smaller side of a cut; a stable rate is `rate` or its mirror image. Were the rate
    of the rest known, the figure would exceed T in at most a share 1 / T of the histories in which
    nothing changes, for each of the four questions and however long one looks, for likelihood
    ratios are a martingale. Where one end is stable and the rest a coin, every trial of that end
    nearly doubles it.

    Args:
        history: what happened, oldest first.
        rate: the stable rate, between 0 and 1.

    Returns:
        the largest likelihood ratio; 0 where the history can't be cut.

    Source: J. Ville, "Étude critique de la notion de collectif" (1939), on the maximal inequality.

    >>> round(stable_end([Counts(passed=4), Counts(passed=4, failed=4)]), 1)
    15.4
    """
    ratios = [
        _log_ratio(*sorted((cut.before, cut.after), key=_trials), rate=stable)
        for cut in splits(history)
        for stable in (rate, 1 - rate)
    ]
    return math.exp(min(max(ratios), LARGEST_EXPONENT)) if ratios else 0.0


def _trials(side: Counts) -> int:
    return side.trials


def _log_ratio(end: Counts, rest: Counts, *, rate: float) -> float:
    """Compare the likelihood of an end under a rate with that under the rate of the rest.

    The rest is given one more pass and failure, so that no rate is 0 or 1.
    """
    own = (rest.passed + 1) / (rest.trials + 2)
    return end.passed * math.log(rate / own) + end.failed * math.log((1 - rate) / (1 - own))
