"""Labels are told apart from each other, and a judge never sees them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.judging.files import Matter, read_matters
from harness.judging.labels import Example, Label, LabelSet
from tests.unit.harness.judging.builders import an_example, some_labels

SHIPPED = Path(__file__).parents[4] / "scenarios" / "judges"


def labelled(*examples: Example) -> LabelSet:
    """Build a set of these examples."""
    return LabelSet(
        rubric="question", about="Made for the tests.", labelled_by=("x",), examples=examples
    )


def test_an_id_stands_once() -> None:
    """Scores are kept by id."""
    with pytest.raises(ValidationError, match="id q-1 stands twice"):
        labelled(an_example(1), an_example(1, text="Another?"))


def test_the_same_text_has_one_label() -> None:
    """Twice the same question would count twice, or contradict itself."""
    with pytest.raises(ValidationError, match="q-1 and q-2 are the same text"):
        labelled(an_example(1, text="Which?"), an_example(2, Label.BAD, text="Which?"))


def test_a_judge_sees_neither_label_nor_reason() -> None:
    """Otherwise it would only have to copy them."""
    exhibit = an_example(because="THE REASON WHY").exhibit

    assert "THE REASON WHY" not in repr(exhibit)
    assert an_example(1, Label.BAD).exhibit == an_example(1, Label.GOOD).exhibit


def test_the_digest_follows_texts_and_labels_and_not_their_order() -> None:
    """Sorting a file anew does not undo a calibration; changing a label does."""
    one, other = an_example(1), an_example(2)

    assert labelled(one, other).digest == labelled(other, one).digest
    assert labelled(one).digest != labelled(an_example(1, Label.BAD)).digest
    assert labelled(one).digest != labelled(an_example(1, text="Which?")).digest


def test_verdicts_become_labels() -> None:
    """Good is good."""
    assert (Label.of(True), Label.of(False)) == (Label.GOOD, Label.BAD)


@pytest.mark.parametrize("matter", read_matters(SHIPPED), ids=lambda it: it.rubric.rubric)
def test_the_shipped_labels_suffice_and_are_balanced(matter: Matter) -> None:
    """At least 50 a rubric, and no label so rare that guessing it pays."""
    examples = matter.labels.examples
    good = sum(item.label is Label.GOOD for item in examples)

    assert len(examples) >= 50
    assert 0.4 <= good / len(examples) <= 0.6


@pytest.mark.parametrize("matter", read_matters(SHIPPED), ids=lambda it: it.rubric.rubric)
def test_length_does_not_tell_good_from_bad_in_the_shipped_labels(matter: Matter) -> None:
    """A judge that only counts letters stays far from agreeing."""
    ordered = sorted(matter.labels.examples, key=lambda item: len(item.text))
    half = len(ordered) // 2
    right = sum(item.label is Label.BAD for item in ordered[:half])
    right += sum(item.label is Label.GOOD for item in ordered[half:])

    assert 0.3 <= right / len(ordered) <= 0.7


def test_enough_examples_for_the_tests_are_made() -> None:
    """The builder alternates."""
    assert [item.label for item in some_labels(2).examples] == [Label.GOOD, Label.BAD]
