"""A judge gates only without doubts: enough labels, enough agreement, and nothing changed."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from harness.judging.calibration import Calibration
from harness.judging.doubts import doubts_about, strangers
from harness.judging.labels import LabelSet
from tests.unit.harness.judging.builders import (
    BAD,
    GOOD,
    a_calibration,
    a_rubric,
    an_identity,
    right_scores,
    some_labels,
)

LABELS = some_labels()
RUBRIC = a_rubric()


def doubts(calibration: Calibration | None, *, labels: LabelSet = LABELS) -> tuple[str, ...]:
    """Return the doubts that a calibration leaves about the judge that it is of."""
    return doubts_about(calibration, an_identity(labels, RUBRIC), labels=labels, rubric=RUBRIC)


def flipped(count: int) -> dict[str, list[float | None]]:
    """Score as labelled, but for some examples, good and bad in turns."""
    scores = right_scores(LABELS)
    for name in list(scores)[:count]:
        scores[name] = [BAD if scores[name] == [GOOD] else GOOD]
    return scores


def test_a_good_judge_may_gate() -> None:
    """Right on sixty labels, and steady."""
    assert doubts(a_calibration(LABELS, RUBRIC)) == ()


def test_a_judge_that_was_never_calibrated_may_not() -> None:
    """No file, no gate."""
    assert doubts(None) == ("it was never calibrated",)


@pytest.mark.parametrize(
    ("wrong", "trusted"),
    [
        pytest.param(6, True, id="54 of 60: kappa 0.8, at least 0.63"),
        pytest.param(8, False, id="52 of 60: kappa 0.73, at least 0.56"),
    ],
)
def test_the_lower_bound_decides_and_not_kappa(wrong: int, *, trusted: bool) -> None:
    """Both judges have a kappa above 0.6; one of them might be below it."""
    found = doubts(a_calibration(LABELS, RUBRIC, scores=flipped(wrong)))

    assert (found == ()) is trusted
    assert trusted or "kappa is at least 0.56 (measured 0.73)" in found[0]


@pytest.mark.parametrize("score", [GOOD, BAD], ids=["always good", "always bad"])
def test_a_judge_that_always_says_the_same_may_not(score: float) -> None:
    """Half of the labels agree, by chance."""
    scores: dict[str, list[float | None]] = {item.id: [score] for item in LABELS.examples}
    padded = [score] * 30

    found = doubts(a_calibration(LABELS, RUBRIC, scores=scores, padded=padded))

    assert any("expected at least 0.6" in doubt for doubt in found)


@pytest.mark.parametrize("seed", range(20))
def test_a_coin_may_not(seed: int) -> None:
    """No luck of twenty is enough."""
    random = Random(seed)
    scores: dict[str, list[float | None]] = {
        item.id: [random.choice((GOOD, BAD))] for item in LABELS.examples
    }

    assert doubts(a_calibration(LABELS, RUBRIC, scores=scores))


@pytest.mark.parametrize(("labelled", "trusted"), [(49, False), (50, True)])
def test_fifty_labels_are_needed(labelled: int, *, trusted: bool) -> None:
    """Even of a judge that is always right."""
    labels = some_labels(labelled)

    assert (doubts(a_calibration(labels, RUBRIC), labels=labels) == ()) is trusted


@pytest.mark.parametrize(("unscored", "trusted"), [(3, True), (4, False)])
def test_answers_that_hold_no_score_are_limited(unscored: int, *, trusted: bool) -> None:
    """Five in a hundred; a judge must not pass by leaving out what is hard."""
    scores = right_scores(LABELS)
    for name in list(scores)[:unscored]:
        scores[name] = [None]

    found = doubts(a_calibration(LABELS, RUBRIC, scores=scores))

    assert (found == ()) is trusted
    assert trusted or found[0].startswith("4 of 60 answers hold no score (6.7%)")


@pytest.mark.parametrize(("swayed", "trusted"), [(3, True), (4, False)])
def test_a_judge_that_likes_length_may_not(swayed: int, *, trusted: bool) -> None:
    """Polite packing must not make a bad text good."""
    found = doubts(a_calibration(LABELS, RUBRIC, padded=[GOOD] * swayed))

    assert (found == ()) is trusted
    assert trusted or found == (
        "polite packing makes 4 of 30 bad texts good, expected at most 10%",
    )


def test_what_was_not_tried_is_a_doubt() -> None:
    """Nobody knows whether packing sways a judge that never answered about it."""
    found = doubts(a_calibration(LABELS, RUBRIC, padded=[None] * 30))

    assert found == ("it recognised no bad text, so nobody knows whether polite packing sways it",)


@pytest.mark.parametrize(
    ("field", "doubt"),
    [
        ("judge", "another model was calibrated, openai/judge"),
        ("rubric_digest", "the rubric has changed since it was calibrated"),
        ("labels_digest", "the labels have changed since it was calibrated"),
        ("prompt_digest", "the prompt has changed since it was calibrated"),
    ],
)
def test_a_judge_that_drifted_may_not(field: str, doubt: str) -> None:
    """Whatever changed, the figures are those of another judge."""
    today = replace(an_identity(LABELS, RUBRIC), **{field: "other"})

    found = doubts_about(a_calibration(LABELS, RUBRIC), today, labels=LABELS, rubric=RUBRIC)

    assert found == (doubt,)


def test_a_calibration_of_another_version_is_not_trusted() -> None:
    """Nobody guesses what its fields mean."""
    newer = a_calibration(LABELS, RUBRIC).model_copy(update={"version": 2})

    assert doubts(newer) == ("its calibration has version 2, this program reads 1",)


def test_figures_that_somebody_polished_don_t_help() -> None:
    """They are counted again from the scores."""
    coin = a_calibration(LABELS, RUBRIC, scores=flipped(30))
    polished = coin.model_copy(update={"figures": a_calibration(LABELS, RUBRIC).figures})

    assert doubts(polished)


def test_labels_that_never_vary_leave_kappa_without_meaning() -> None:
    """Fifty good examples can't show that a judge knows a bad one."""
    examples = tuple(it for it in some_labels(100).examples if it.label.value == "good")
    labels = LABELS.model_copy(update={"examples": examples})

    found = doubts(a_calibration(labels, RUBRIC), labels=labels)

    assert found[0] == "kappa says nothing: labels and answers do not vary"


def test_a_model_that_took_the_place_of_another_is_noticed() -> None:
    """A provider may change what stands behind a name."""
    calibration = a_calibration(LABELS, RUBRIC)

    assert strangers(calibration, {"judge-1"}) == ()
    assert strangers(calibration, {"judge-2", "judge-1"}) == ("judge-2",)
