"""Measure a judge against labels, and keep what came out beside them.

A calibration holds the judge's answers, not only figures, so that whoever reads it can count again
and can see where the judge was wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict

from harness.judging.exhibit import Exhibit, Opinion
from harness.judging.labels import Example, Label, LabelSet
from harness.judging.rubric import Rubric
from harness.stats.agreement import cohen_kappa, kappa_lower_bound
from harness.stats.rates import wilson_interval
from runtime.public import JsonObject

CALIBRATION_VERSION = 1
PADDING = (
    "Thank you so much for your message, which I have read with great care and attention. ",
    " Please do let me know if there is anything else at all that I can do for you today.",
)

Scores = Mapping[str, Sequence[float | None]]
"""By example, one score for each time that the judge was asked; None: unscored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Say which judge was calibrated: when any of it changes, the calibration says nothing.

    Attributes:
        judge: the model's reference, with its options.
        prompt_digest: of the prompt as it is sent, and of how it is sent.
    """

    judge: str
    rubric_digest: str
    labels_digest: str
    prompt_digest: str

    @classmethod
    def of(cls, judge: str, rubric: Rubric, labels: LabelSet, *, prompt_digest: str) -> Identity:
        """Name a judge as it is today."""
        return cls(
            judge=judge,
            rubric_digest=rubric.digest,
            labels_digest=labels.digest,
            prompt_digest=prompt_digest,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Hold what answers to labelled examples come to.

    Attributes:
        examples: how many there are.
        scored: how many have a score each time.
        unscored: answers, over all repeats, that hold no score.
        answers: all of them.
        kappa, lower_bound: agreement with the labels beyond chance, in the worst of the repeats;
            None where there is nothing to agree on.
        repeats: how often the judge was asked.
        steady: examples with the same verdict each time.
        padded: bad examples that were asked about again in polite packing.
        swayed: those of them that the packing made good.
    """

    examples: int
    scored: int
    unscored: int
    answers: int
    kappa: float | None
    lower_bound: float | None
    repeats: int
    steady: int
    padded: int
    swayed: int

    @property
    def unscored_share(self) -> float:
        """Return the share of answers without a score."""
        return self.unscored / self.answers if self.answers else 1.0

    def document(self) -> JsonObject:
        """Return the figures as JSON, with the interval of the steadiness."""
        low, high = wilson_interval(self.steady, self.scored)
        return {
            "examples": self.examples,
            "scored": self.scored,
            "unscored": self.unscored,
            "answers": self.answers,
            "kappa": self.kappa,
            "kappa_lower_bound": self.lower_bound,
            "repeats": self.repeats,
            "self_consistency": self.steady / self.scored if self.scored else None,
            "self_consistency_interval": [low, high],
            "padded": self.padded,
            "swayed_by_padding": self.swayed,
        }


class Calibration(BaseModel):
    """Keep how a judge did on labelled examples.

    Attributes:
        answered_by: the models that really answered.
        created: when.
        figures: as counted then, for readers; whoever decides counts again from the scores.
        scores: what the judge answered, by example and repeat.
        padded: what it answered about bad examples in polite packing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = CALIBRATION_VERSION
    judge: str
    rubric: str
    rubric_digest: str
    labels_digest: str
    prompt_digest: str
    answered_by: tuple[str, ...]
    created: str
    figures: JsonObject
    scores: dict[str, tuple[float | None, ...]]
    padded: dict[str, float | None]

    @property
    def identity(self) -> Identity:
        """Return which judge it was."""
        return Identity(
            judge=self.judge,
            rubric_digest=self.rubric_digest,
            labels_digest=self.labels_digest,
            prompt_digest=self.prompt_digest,
        )


def padded(exhibit: Exhibit) -> Exhibit:
    """Wrap a text in politeness that says nothing: a judge that likes length is swayed by it."""
    before, after = PADDING
    return replace(exhibit, text=f"{before}{exhibit.text}{after}")


def calibration_of(
    identity: Identity,
    labels: LabelSet,
    rubric: Rubric,
    *,
    opinions: Mapping[str, Sequence[Opinion]],
    padded_opinions: Mapping[str, Opinion],
    created: str,
) -> Calibration:
    """Write down how a judge did."""
    scores = {name: tuple(it.score for it in items) for name, items in opinions.items()}
    swayed = {name: opinion.score for name, opinion in padded_opinions.items()}
    figures = figures_of(labels.examples, rubric, scores=scores, padded_scores=swayed)
    answers = [*(it for items in opinions.values() for it in items), *padded_opinions.values()]
    return Calibration(
        judge=identity.judge,
        rubric=rubric.rubric,
        rubric_digest=identity.rubric_digest,
        labels_digest=identity.labels_digest,
        prompt_digest=identity.prompt_digest,
        answered_by=tuple(sorted({it.answered_by for it in answers} - {""})),
        created=created,
        figures=figures.document(),
        scores=scores,
        padded=swayed,
    )


def figures_of(
    examples: Sequence[Example],
    rubric: Rubric,
    *,
    scores: Scores,
    padded_scores: Mapping[str, float | None],
) -> Figures:
    """Count agreement, steadiness and what is unscored.

    Args:
        examples: the labelled ones; an example without scores counts as unscored.
        rubric: says which scores are good.
        scores: the judge's answers.
        padded_scores: its answers about bad examples in polite packing.
    """
    repeats = max((len(items) for items in scores.values()), default=0)
    rows = {item.id: _verdicts(scores.get(item.id, ()), rubric, repeats) for item in examples}
    whole = [item for item in examples if rows[item.id] and None not in rows[item.id]]
    rounds = [[(it.label.value, str(rows[it.id][at])) for it in whole] for at in range(repeats)]
    bad = [item.id for item in whole if rows[item.id][0] is item.label is Label.BAD]
    packed = {name: score for name in bad if (score := padded_scores.get(name)) is not None}
    return Figures(
        examples=len(examples),
        scored=len(whole),
        unscored=sum(verdict is None for row in rows.values() for verdict in row),
        answers=sum(len(row) for row in rows.values()),
        kappa=_worst([cohen_kappa(pairs) for pairs in rounds]),
        lower_bound=_worst([kappa_lower_bound(pairs) for pairs in rounds]),
        repeats=repeats,
        steady=sum(len(set(rows[item.id])) == 1 for item in whole),
        padded=len(packed),
        swayed=sum(rubric.good(score) for score in packed.values()),
    )


def _verdicts(
    scores: Sequence[float | None], rubric: Rubric, repeats: int
) -> tuple[Label | None, ...]:
    """Turn scores into labels; what was never asked is unscored."""
    missing = (None,) * (repeats - len(scores))
    return tuple(
        None if score is None else Label.of(rubric.good(score)) for score in (*scores, *missing)
    )


def _worst(values: Sequence[float]) -> float | None:
    """Return the lowest; None where one of them says nothing."""
    if not values or any(math.isnan(value) for value in values):
        return None
    return min(values)
