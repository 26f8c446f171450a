"""Say why a judge may not gate; a judge without doubts may.

A judge that may not gate still informs. Nothing here is a setting: whoever wants to gate with a
weak judge should find another judge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from harness.judging.calibration import (
    CALIBRATION_VERSION,
    Calibration,
    Figures,
    Identity,
    figures_of,
)
from harness.judging.labels import LabelSet
from harness.judging.rubric import Rubric

LEAST_KAPPA = 0.6
"""Of the one-sided 95 % lower bound."""
LEAST_LABELS = 50
MOST_UNSCORED = 0.05
MOST_SWAYED = 0.1
"""Share of bad texts that polite packing may make good."""


def doubts_about(
    calibration: Calibration | None, today: Identity, *, labels: LabelSet, rubric: Rubric
) -> tuple[str, ...]:
    """Return every reason why a judge may not gate; empty when it may.

    Args:
        calibration: what is on file; None when there is nothing.
        today: the judge as it is now.
        labels: as they are now.
        rubric: as it is now; figures are counted again with both.
    """
    if calibration is None:
        return ("it was never calibrated",)
    drift = tuple(_drift(calibration, today))
    if drift:
        return drift
    figures = figures_of(
        labels.examples, rubric, scores=calibration.scores, padded_scores=calibration.padded
    )
    return tuple(_weaknesses(figures))


def strangers(calibration: Calibration, answered_by: Collection[str]) -> tuple[str, ...]:
    """Return models that answer now and did not when the judge was calibrated."""
    return tuple(sorted(set(answered_by) - set(calibration.answered_by)))


def _drift(calibration: Calibration, today: Identity) -> Iterator[str]:
    if calibration.version != CALIBRATION_VERSION:
        yield (
            f"its calibration has version {calibration.version}, "
            f"this program reads {CALIBRATION_VERSION}"
        )
    then = calibration.identity
    if then.judge != today.judge:
        yield f"another model was calibrated, {then.judge}"
    for name in ("rubric", "labels", "prompt"):
        if getattr(then, f"{name}_digest") != getattr(today, f"{name}_digest"):
            verb = "have" if name == "labels" else "has"
            yield f"the {name} {verb} changed since it was calibrated"


def _weaknesses(figures: Figures) -> Iterator[str]:
    if figures.scored < LEAST_LABELS:
        yield f"{figures.scored} labelled examples have a score, expected at least {LEAST_LABELS}"
    if figures.unscored_share > MOST_UNSCORED:
        yield (
            f"{figures.unscored} of {figures.answers} answers hold no score "
            f"({figures.unscored_share:.1%}), expected at most {MOST_UNSCORED:.0%}"
        )
    if figures.lower_bound is None:
        yield "kappa says nothing: labels and answers do not vary"
    elif figures.lower_bound < LEAST_KAPPA:
        yield (
            f"kappa is at least {figures.lower_bound:.2f} (measured {figures.kappa:.2f}), "
            f"expected at least {LEAST_KAPPA}"
        )
    if not figures.padded:
        yield "it recognised no bad text, so nobody knows whether polite packing sways it"
    elif figures.swayed / figures.padded > MOST_SWAYED:
        yield (
            f"polite packing makes {figures.swayed} of {figures.padded} bad texts good, "
            f"expected at most {MOST_SWAYED:.0%}"
        )
