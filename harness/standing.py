"""Say how the models of one run stand to each other: who is told apart, and who is worth its price.

Pure. Models answered the same scenarios, so they are compared scenario by scenario; those that
chance could explain stand in one group, instead of in an order that the next run would turn over.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from harness.results import Manifest
from harness.sides import side_of
from harness.stats.grouping import groups
from harness.stats.multiplicity import holm
from harness.stats.paired import (
    Alternative,
    difference_interval,
    sign_flip_p,
)
from harness.summary import ModelSummary
from harness.tally import Side

ALPHA = 0.05
LIVE_TARGET = "target+"
_SNAPSHOT = re.compile(r"[-@:](?:\d{8}|\d{4}-\d{2}-\d{2}|\d{3,4}|latest)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """Hold what one model brings to the comparison.

    Attributes:
        side: how it did, scenario by scenario.
        offline: a stand-in that is no language model.
        quality: pass rate over all trials; None without a scored one.
        interval: 95 % interval of the pass rate.
        cost_micros: of one trial, in millionths of a US dollar; None when a price is unknown.
        latency_p95_s: 95th percentile; None without a scored trial.
        substitutes: other models that answered in its place; its figures are not its own.
    """

    side: Side
    offline: bool
    quality: float | None
    interval: tuple[float, float] | None
    cost_micros: float | None
    latency_p95_s: float | None
    substitutes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the model's reference."""
        return self.side.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Versus:
    """Compare two models on the scenarios that both answered.

    Attributes:
        better, worse: the models, in the order of their pass rates.
        scenarios: how many both have a scored trial of.
        families: independent clusters among them.
        change: pass rate of `better` minus that of `worse` on them; None without any.
        interval: of the change; those of all pairs hold together in at least 95 of 100 runs,
            so one may hold zero although the exact test tells the two apart.
        p: exact two-sided sign-flip p-value over families, adjusted by Holm over all pairs.
        apart: whether chance is ruled out.
    """

    better: str
    worse: str
    scenarios: int
    families: int
    change: float | None
    interval: tuple[float, float] | None
    p: float
    apart: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Hold how the models of a run stand to each other.

    Attributes:
        contestants: best pass rate first; what is not told apart has no order all the same.
        pairs: each two of them, the better one first.
        groups: the largest sets of models of which no two are told apart.
        front: models that no other one beats in quality, cost and latency at once.
        dominated: each of the others, with a model that beats it.
    """

    contestants: tuple[Contestant, ...]
    pairs: tuple[Versus, ...]
    groups: tuple[tuple[str, ...], ...]
    front: tuple[str, ...]
    dominated: dict[str, str]

    def versus(self, one: str, other: str) -> Versus | None:
        """Return how two models compare, whichever is named first."""
        return next(
            (pair for pair in self.pairs if {pair.better, pair.worse} == {one, other}), None
        )


def contestants_of(models: Sequence[ModelSummary], manifest: Manifest) -> tuple[Contestant, ...]:
    """Take the models of a run as contestants."""
    offline = {item.reference for item in manifest.models if item.offline}
    return tuple(
        Contestant(
            side=side_of(summary, manifest),
            offline=summary.model in offline,
            quality=summary.overall.pass_rate,
            interval=summary.overall.interval,
            cost_micros=_each(summary),
            latency_p95_s=summary.latency_p95_s,
            substitutes=substitutes(summary.model, summary.answered_by),
        )
        for summary in models
    )


def substitutes(asked: str, answered_by: Sequence[str]) -> tuple[str, ...]:
    """Return who answered in place of the model that was asked.

    Providers answer without their prefix and name the snapshot that a model's name stands for;
    neither is another model. A live target asks whatever model it likes.

    >>> substitutes("openai/gpt-x", ["gpt-x-2026-01-31", "gpt-x-mini"])
    ('gpt-x-mini',)
    """
    if asked.startswith(LIVE_TARGET):
        return ()
    name = asked.partition("?")[0]  # options are ours, not the provider's
    return tuple(found for found in answered_by if not _same_model(name, found))


def stand(contestants: Sequence[Contestant], *, alpha: float = ALPHA) -> Standing:
    """Compare every two contestants and leave out of the front whoever is beaten.

    Args:
        contestants: models of one run; those without a scored trial are left out.
        alpha: how often, at most, any two equal models of a run may be told apart.
    """
    judged = sorted(
        (item for item in contestants if item.quality is not None),
        key=lambda item: (-(item.quality or 0.0), item.name),
    )
    pairs = _pairs(judged, alpha=alpha)
    apart = {(pair.better, pair.worse) for pair in pairs if pair.apart}
    won = {(pair.better, pair.worse) for pair in pairs if pair.apart and (pair.change or 0) > 0}
    dominated = _dominated(judged, won)
    return Standing(
        contestants=tuple(judged),
        pairs=pairs,
        groups=groups([item.name for item in judged], lambda *pair: pair in apart),
        front=tuple(
            item.name for item in judged if item.name not in dominated and not item.substitutes
        ),
        dominated=dominated,
    )


def _each(summary: ModelSummary) -> float | None:
    if summary.cost_micros is None or not summary.overall.trials:
        return None
    return summary.cost_micros / summary.overall.trials


def _same_model(asked: str, answered: str) -> bool:
    if f"/{asked}".endswith(f"/{answered}"):
        return True
    pinned = _SNAPSHOT.search(asked)
    if pinned is not None and pinned.group() != "-latest":
        return False
    bare = asked[: pinned.start()] if pinned else asked
    return f"/{bare}".endswith(f"/{_SNAPSHOT.sub('', answered)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """Hold what two models did on the scenarios that both answered, by family."""

    better: str
    worse: str
    sums: tuple[Fraction, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, better: Side, worse: Side) -> _Met:
        sums: dict[str, Fraction] = defaultdict(Fraction)
        sizes: dict[str, int] = defaultdict(int)
        for name in sorted(better.scenarios.keys() & worse.scenarios.keys()):
            mine, theirs = better.scenarios[name], worse.scenarios[name]
            family = f"{mine.environment}\x00{mine.family}"
            sums[family] += mine.share - theirs.share
            sizes[family] += 1
        return cls(
            better=better.model,
            worse=worse.model,
            sums=tuple(sums.values()),
            sizes=tuple(sizes.values()),
        )

    @property
    def p(self) -> float:
        return sign_flip_p(self.sums, alternative=Alternative.TWO_SIDED)

    def versus(self, p: float, *, alpha: float, confidence: float) -> Versus:
        scenarios = sum(self.sizes)
        return Versus(
            better=self.better,
            worse=self.worse,
            scenarios=scenarios,
            families=len(self.sums),
            change=float(sum(self.sums, Fraction()) / scenarios) if scenarios else None,
            interval=self._interval(scenarios, confidence=confidence) if scenarios else None,
            p=p,
            apart=p <= alpha,
        )

    def _interval(self, scenarios: int, *, confidence: float) -> tuple[float, float]:
        """Return the interval of the change, as wide as the families really spread.

        As `harness.stats.paired.independent_pairs`, but averaged trials may make a scenario say
        more than one yes or no would: else the interval would contradict the exact test.
        """
        lost = sum((-item for item in self.sums if item < 0), Fraction())
        won = sum((item for item in self.sums if item > 0), Fraction())
        imagined = Fraction(sum(size * size for size in self.sizes), scenarios)
        squares = sum((item * item for item in self.sums), Fraction())
        effect = (squares + imagined * imagined) / (lost + won + imagined)
        return difference_interval(
            float(lost / effect),
            float(won / effect),
            float(scenarios / effect),
            confidence=confidence,
        )


def _pairs(judged: Sequence[Contestant], *, alpha: float) -> tuple[Versus, ...]:
    met = {
        f"{better.name}\x00{worse.name}": _Met.of(better.side, worse.side)
        for better, worse in combinations(judged, 2)
    }
    adjusted = holm({name: item.p for name, item in met.items()})
    confidence = 1 - alpha / max(1, len(met))
    return tuple(
        item.versus(adjusted[name], alpha=alpha, confidence=confidence)
        for name, item in met.items()
    )


def _dominated(judged: Sequence[Contestant], won: set[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in judged:
        beats = (other.name for other in judged if _beats(other, item, won))
        first = next(beats, None)
        if first is not None:
            found[item.name] = first
    return found


def _beats(one: Contestant, other: Contestant, won: set[tuple[str, str]]) -> bool:
    """Say whether one is as good in everything and for certain better in something.

    An unknown price is never as good as anything; a stand-in beats no language model; and nobody
    wins with another model's figures.
    """
    if one is other or one.substitutes or (one.offline and not other.offline):
        return False
    costs, waits = (one.cost_micros, other.cost_micros), (one.latency_p95_s, other.latency_p95_s)
    if not (_at_most(*costs) and _at_most(*waits)) or (one.quality or 0) < (other.quality or 0):
        return False
    return (one.name, other.name) in won or not (
        _at_most(*reversed(costs)) and _at_most(*reversed(waits))
    )


def _at_most(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and one <= other
