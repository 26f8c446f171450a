"""Compare two runs of the same scenarios, pair by pair, and say which differences are real.

Pure. Scenarios of one family (paraphrases and perturbations of one seed) rise and fall together,
so families, not trials, are what is counted. Runs that differ in what must be equal are never
compared: they are unverifiable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from harness.comparison import (
    OVERALL,
    Comparison,
    ComparisonRules,
    Difference,
    Mismatch,
    Part,
    Tier,
)
from harness.stats.multiplicity import holm
from harness.stats.paired import (
    Alternative,
    difference_interval,
    independent_pairs,
    sign_flip_p,
)
from harness.stats.power import minimal_detectable_effect, pairs_to_show_no_loss
from harness.tally import ScenarioTally, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """Pair one scenario's tallies."""

    scenario: str
    base: ScenarioTally
    head: ScenarioTally

    @property
    def change(self) -> Fraction:
        return self.head.share - self.base.share


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Hold the pairs of a suite, and by family their sum and their number."""

    name: str
    pairs: tuple[_Pair, ...]
    sums: tuple[Fraction, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, name: str, pairs: Iterable[_Pair]) -> _Group:
        held = tuple(pairs)
        families: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
        for pair in held:
            families[pair.head.environment, pair.head.family].append(pair.change)
        return cls(
            name=name,
            pairs=held,
            sums=tuple(sum(changes, Fraction()) for changes in families.values()),
            sizes=tuple(len(changes) for changes in families.values()),
        )


def compare(base: Side, head: Side, rules: ComparisonRules) -> Comparison:
    """Compare head with base on the scenarios that both have unchanged."""
    both = sorted(base.asked & head.asked)
    pairs, changed, lost = [], [], []
    for name in both:
        then, now = base.scenarios.get(name), head.scenarios.get(name)
        if then is None or now is None:
            lost.append(name)
        elif then.digest != now.digest:
            changed.append(name)
        else:
            pairs.append(_Pair(scenario=name, base=then, head=now))
    mismatches = _mismatches(base, head, pairs, varied=rules.varied)
    groups = _grouped(pairs)
    worse = holm({group.name: _p(group, Alternative.LESS) for group in groups})
    better = holm({group.name: _p(group, Alternative.GREATER) for group in groups})
    found = [
        _difference(group, rules, p_worse=worse[group.name], p_better=better[group.name])
        if not mismatches
        else _unverifiable(group)
        for group in groups
    ]
    return Comparison(
        base=base.model,
        head=head.model,
        base_run=base.run,
        head_run=head.run,
        overall=found[0],
        suites=tuple(found[1:]),
        margin=rules.margin,
        mismatches=mismatches,
        gone=tuple(sorted(base.asked - head.asked)),
        changed=tuple(changed),
        added=tuple(sorted(head.asked - base.asked)),
        lost=tuple(lost),
    )


def _grouped(pairs: list[_Pair]) -> list[_Group]:
    """Return all pairs as one group, then each suite where there are several."""
    suites: dict[str, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        suites[pair.head.suite].append(pair)
    groups = [_Group.of(OVERALL, pairs)]
    if len(suites) > 1:
        groups += [_Group.of(name, members) for name, members in sorted(suites.items())]
    return groups


def _p(group: _Group, alternative: Alternative) -> float:
    return sign_flip_p(group.sums, alternative=alternative)


def _mismatches(
    base: Side, head: Side, pairs: list[_Pair], *, varied: frozenset[Part]
) -> tuple[Mismatch, ...]:
    """Return the parts that differ, of the environments that are compared and of the run."""
    environments = {pair.head.environment for pair in pairs}
    found = []
    for name in sorted({*base.key, *head.key}):
        environment, _, part = name.rpartition(".")
        if part in varied or (environment and environment not in environments):
            continue
        then, now = base.key.get(name, "unknown"), head.key.get(name, "unknown")
        if then != now:
            found.append(Mismatch(part=name, base=then, head=now))
    return (*found, *_more_trials(pairs))


def _more_trials(pairs: list[_Pair]) -> tuple[Mismatch, ...]:
    """Refuse a head that was asked more often: one lucky trial of base would be its bar.

    The signs of differences flip only between sides of equal luck. A base of more trials is the
    steadier bar, which makes the test careful, so that one is allowed.
    """
    base = max((pair.base.trials for pair in pairs), default=0)
    head = max((pair.head.trials for pair in pairs), default=0)
    return (Mismatch(part="trials", base=str(base), head=str(head)),) if head > base else ()


def _difference(
    group: _Group, rules: ComparisonRules, *, p_worse: float, p_better: float
) -> Difference:
    pairs = len(group.pairs)
    if not pairs:
        return _without_pairs(group.name, Tier.INSUFFICIENT)
    moved = independent_pairs(group.sums, group.sizes)
    discordance = (moved.worse + moved.better) / moved.pairs
    change = (moved.better - moved.worse) / moved.pairs
    interval = difference_interval(
        moved.worse, moved.better, moved.pairs, confidence=1 - 2 * rules.alpha
    )
    return Difference(
        name=group.name,
        tier=_tier(change, interval, rules, p_worse=p_worse, p_better=p_better),
        pairs=pairs,
        families=len(group.sums),
        base_rate=_rate(pair.base for pair in group.pairs),
        head_rate=_rate(pair.head for pair in group.pairs),
        change=change,
        interval=interval,
        p_worse=p_worse,
        p_better=p_better,
        detectable=minimal_detectable_effect(
            moved.pairs,
            discordance=_expected_discordance(discordance, moved.pairs),
            alpha=rules.alpha,
            power=rules.power,
        ),
        needed=pairs_to_show_no_loss(
            rules.margin, discordance=discordance, alpha=rules.alpha, power=rules.power
        )
        if rules.margin > 0
        else None,
        worse=tuple(pair.scenario for pair in group.pairs if pair.change < 0),
        better=tuple(pair.scenario for pair in group.pairs if pair.change > 0),
    )


def _expected_discordance(seen: float, pairs: float) -> float:
    """Return the discordance to plan with; none seen in n pairs may still be one in n + 1."""
    return min(1.0, max(seen, 1 / (pairs + 1)))


def _tier(
    change: float,
    interval: tuple[float, float],
    rules: ComparisonRules,
    *,
    p_worse: float,
    p_better: float,
) -> Tier:
    if p_worse <= rules.alpha:
        return Tier.REGRESSION if -change > rules.margin else Tier.SOFT_REGRESSION
    if p_better <= rules.alpha:
        return Tier.IMPROVEMENT
    return Tier.STABLE if interval[0] > -rules.margin else Tier.INSUFFICIENT


def _rate(tallies: Iterable[ScenarioTally]) -> float:
    shares = [item.share for item in tallies]
    return float(sum(shares, Fraction()) / len(shares))


def _unverifiable(group: _Group) -> Difference:
    return _without_pairs(group.name, Tier.UNVERIFIABLE)


def _without_pairs(name: str, tier: Tier) -> Difference:
    return Difference(
        name=name,
        tier=tier,
        pairs=0,
        families=0,
        base_rate=None,
        head_rate=None,
        change=None,
        interval=None,
        p_worse=None,
        p_better=None,
        detectable=None,
        needed=None,
    )
