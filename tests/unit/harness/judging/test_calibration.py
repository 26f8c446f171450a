"""A calibration counts what the judge said, once for each repeat, and takes the worst of them."""

from __future__ import annotations

import pytest

from harness.judging.calibration import PADDING, Figures, figures_of, padded
from harness.judging.labels import LabelSet
from harness.stats.agreement import cohen_kappa, kappa_lower_bound
from tests.unit.harness.judging.builders import (
    BAD,
    GOOD,
    JUDGE,
    a_calibration,
    a_rubric,
    an_exhibit,
    an_identity,
    bad_ids,
    right_scores,
    some_labels,
)

LABELS = some_labels()
RUBRIC = a_rubric()


def figures(
    scores: dict[str, list[float | None]],
    *,
    labels: LabelSet = LABELS,
    padded_scores: dict[str, float | None] | None = None,
) -> Figures:
    """Count."""
    return figures_of(labels.examples, RUBRIC, scores=scores, padded_scores=padded_scores or {})


def test_a_judge_that_is_always_right_agrees_perfectly() -> None:
    """Kappa is 1, its bound is not."""
    found = figures(right_scores(LABELS, 3))

    assert (found.examples, found.scored, found.unscored, found.answers) == (60, 60, 0, 180)
    assert (found.kappa, found.repeats, found.steady) == (1, 3, 60)
    assert found.lower_bound is not None
    assert 0.9 < found.lower_bound < 1


def test_the_worst_repeat_counts() -> None:
    """A judge that swings has to be good every time."""
    scores = right_scores(LABELS, 2)
    for name in list(scores)[:12]:
        scores[name][1] = BAD if scores[name][0] == GOOD else GOOD

    found = figures(scores)

    second = [("good", "bad")] * 6 + [("bad", "good")] * 6
    second += [("good", "good")] * 24 + [("bad", "bad")] * 24
    assert found.kappa == pytest.approx(cohen_kappa(second))
    assert found.lower_bound == pytest.approx(kappa_lower_bound(second))
    assert found.steady == 48


def test_an_unscored_answer_is_no_zero() -> None:
    """It leaves the pairs and is counted; a zero would be a verdict."""
    scores = right_scores(LABELS, 2)
    scores["q-0"][1] = None
    scores["q-1"] = [None, None]

    found = figures(scores)

    assert (found.scored, found.unscored, found.kappa) == (58, 3, 1)
    assert found.unscored_share == 3 / 120


def test_an_example_that_was_never_asked_about_is_unscored() -> None:
    """Whoever cuts the hard ones out of the file wins nothing."""
    scores = right_scores(LABELS)
    del scores["q-0"]

    assert (figures(scores).scored, figures(scores).unscored) == (59, 1)


def test_without_answers_everything_is_unscored() -> None:
    """No share of nothing is small."""
    found = figures({})

    assert (found.scored, found.kappa, found.lower_bound, found.unscored_share) == (
        0,
        None,
        None,
        1,
    )
    assert found.document()["self_consistency"] is None


def test_one_label_only_says_nothing() -> None:
    """Kappa does not exist where nothing varies."""
    labels = some_labels(1)

    assert figures({"q-0": [GOOD]}, labels=labels).kappa is None


def test_packing_counts_where_the_judge_knew_that_the_text_is_bad() -> None:
    """What it took for good before, it can't be swayed about; unread answers don't count."""
    scores = right_scores(LABELS)
    first, second, third, fourth = bad_ids(LABELS)[:4]
    scores[first] = [GOOD]
    packed = {first: GOOD, second: GOOD, third: BAD, fourth: None}

    found = figures(scores, padded_scores=packed)

    assert (found.padded, found.swayed) == (2, 1)


def test_packing_says_nothing_and_changes_only_the_text() -> None:
    """What is between the phrases is the text itself."""
    packed = padded(an_exhibit("Which?"))

    assert packed.text == f"{PADDING[0]}Which?{PADDING[1]}"
    assert packed.setting() == an_exhibit().setting()


def test_a_calibration_says_whose_it_is_and_what_was_answered() -> None:
    """Digests, the model that answered, and every score."""
    found = a_calibration(LABELS, RUBRIC, padded=[GOOD, None])

    assert found.identity == an_identity(LABELS, RUBRIC)
    assert (found.judge, found.rubric, found.answered_by) == (JUDGE, "question", ("judge-1",))
    assert found.scores["q-0"] == (GOOD,)
    assert found.padded["q-1"] == GOOD
    assert (found.figures["padded"], found.figures["swayed_by_padding"]) == (29, 1)
    assert found.figures["self_consistency"] == 1
    low, high = found.figures["self_consistency_interval"]
    assert 0.9 < low < high == 1
