"""Reduce a judge's opinions about a run to figures with intervals, and to a verdict.

Unscored texts leave the denominator, as lost trials do, and too many of them leave no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.checks import Verdict
from harness.judging.doubts import MOST_UNSCORED
from harness.judging.exhibit import Exhibit, Opinion
from harness.judging.rubric import Rubric
from harness.stats.intervals import clustered_interval
from harness.stats.rates import wilson_interval
from harness.trial import TrialKey
from runtime.public import JsonObject

MOST_LOST = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Pair a trial's text with what the judge says about it, once for each time it was asked."""

    key: TrialKey
    family: str
    exhibit: Exhibit
    opinions: tuple[Opinion, ...]

    @property
    def score(self) -> float | None:
        """Return the first score: the judge was calibrated on single answers."""
        return self.opinions[0].score

    def document(self, rubric: Rubric) -> JsonObject:
        """Return the line that is written about it."""
        first = self.opinions[0]
        key = self.key
        return {
            "key": {"scenario": key.scenario, "model": key.model, "index": key.index},
            "rubric": rubric.rubric,
            "kind": self.exhibit.kind.value,
            "text": self.exhibit.text,
            "score": first.score,
            "good": None if first.score is None else rubric.good(first.score),
            "reason": first.reason,
            "problem": first.problem,
            "lost": first.lost,
            "scores": [opinion.score for opinion in self.opinions],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Hold what a judge makes of one model's texts by one rubric.

    Attributes:
        heard: texts put before the judge.
        scored, good: texts with a score, and those that are good.
        unscored: texts whose answer could not be read.
        lost: texts that the judge never answered about.
        interval: of the share of good texts; scenarios of a family count together.
        repeats: how often each text was put before the judge.
        steady, repeated: texts with the same verdict each time, of those scored each time.
        silent: scored trials of the kinds that the rubric is for, without any text.
    """

    model: str
    rubric: str
    demanded: float
    heard: int
    scored: int
    good: int
    unscored: int
    lost: int
    interval: tuple[float, float] | None
    repeats: int
    steady: int
    repeated: int
    silent: int

    @property
    def share(self) -> float | None:
        """Return the share of good texts among the scored ones."""
        return self.good / self.scored if self.scored else None

    @property
    def verdict(self) -> Verdict:
        """Say how a gate takes it; no text, or too few scores, is no verdict."""
        if self.heard and self.lost / self.heard > MOST_LOST:
            return Verdict.INFRASTRUCTURE
        answered = self.heard - self.lost
        if self.share is None or self.interval is None or self.unscored / answered > MOST_UNSCORED:
            return Verdict.INCONCLUSIVE
        if self.share >= self.demanded:
            return Verdict.PASS
        return Verdict.REGRESSION if self.interval[1] < self.demanded else Verdict.INCONCLUSIVE

    def document(self) -> JsonObject:
        """Return the ruling as JSON."""
        low, high = wilson_interval(self.steady, self.repeated)
        steady = self.repeats > 1 and self.repeated > 0
        return {
            "model": self.model,
            "rubric": self.rubric,
            "demanded": self.demanded,
            "heard": self.heard,
            "scored": self.scored,
            "good": self.good,
            "share": self.share,
            "interval": None if self.interval is None else list(self.interval),
            "unscored": self.unscored,
            "lost": self.lost,
            "without_text": self.silent,
            "repeats": self.repeats,
            "self_consistency": self.steady / self.repeated if steady else None,
            "self_consistency_interval": [low, high] if steady else None,
            "verdict": self.verdict.value,
        }


def ruling_of(model: str, rubric: Rubric, *, heard: Sequence[Heard], silent: int) -> Ruling:
    """Reduce what a judge says about one model's texts.

    Args:
        model: whose texts they are.
        rubric: by which they were judged.
        heard: every text with its opinions.
        silent: answers without any text.
    """
    scored = [(item, item.score) for item in heard if item.score is not None]
    good = [rubric.good(score) for _, score in scored]
    verdicts = [_verdicts(item, rubric) for item in heard]
    whole = [row for row in verdicts if None not in row]
    lost = sum(item.opinions[0].lost for item in heard)
    return Ruling(
        model=model,
        rubric=rubric.rubric,
        demanded=rubric.demanded,
        heard=len(heard),
        scored=len(scored),
        good=sum(good),
        unscored=len(heard) - len(scored) - lost,
        lost=lost,
        interval=clustered_interval(
            [float(is_good) for is_good in good], [item.family for item, _ in scored]
        ),
        repeats=max((len(row) for row in verdicts), default=0),
        steady=sum(len(set(row)) == 1 for row in whole),
        repeated=len(whole),
        silent=silent,
    )


def _verdicts(item: Heard, rubric: Rubric) -> tuple[bool | None, ...]:
    return tuple(
        None if opinion.score is None else rubric.good(opinion.score) for opinion in item.opinions
    )
