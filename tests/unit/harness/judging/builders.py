"""Build rubrics, labelled examples, opinions and calibrations, valid unless told otherwise."""

from collections.abc import Sequence
from typing import Any

from harness.judging.calibration import Calibration, Identity, calibration_of
from harness.judging.exhibit import Exhibit, ExhibitKind, Opinion
from harness.judging.labels import Example, Label, LabelSet
from harness.judging.rubric import Rubric
from runtime.public import JsonValue

JUDGE = "openai/judge"
GOOD, BAD = 9.0, 1.0
ENOUGH_LABELS = 60


def a_rubric(**changes: JsonValue) -> Rubric:
    """Build a rubric for questions, good from 7."""
    document: dict[str, Any] = {
        "rubric": "question",
        "title": "Is it a good question?",
        "judges": ["clarification"],
        "steps": ["Read the question."],
        "bands": [
            {"scores": [0, 6], "means": "it is a bad one"},
            {"scores": [7, 10], "means": "it is a good one"},
        ],
        "good_from": 7,
        "demanded": 0.8,
    }
    return Rubric.model_validate({**document, **changes})


def an_exhibit(text: str = "Which value?", **changes: JsonValue) -> Exhibit:
    """Build a question about the counter."""
    fields: dict[str, Any] = {
        "environment": "counter",
        "kind": ExhibitKind.CLARIFICATION,
        "said": "Set it.",
        "context": "No value is given.",
        "expected": "a question about value",
    }
    return Exhibit(text=text, **{**fields, **changes})


def an_example(number: int = 0, label: Label = Label.GOOD, **changes: JsonValue) -> Example:
    """Build a labelled question; the number tells one from another."""
    document: dict[str, Any] = {
        "id": f"q-{number}",
        "environment": "counter",
        "kind": "clarification",
        "said": "Set it.",
        "context": "No value is given.",
        "expected": "a question about value",
        "text": f"Which value, number {number}?",
        "label": label.value,
        "because": "It is only an example.",
    }
    return Example.model_validate({**document, **changes})


def some_labels(examples: int = ENOUGH_LABELS) -> LabelSet:
    """Build labels, good and bad in turns."""
    turns = (Label.GOOD, Label.BAD)
    return LabelSet(
        rubric="question",
        about="Made for the tests.",
        labelled_by=("tests",),
        examples=tuple(an_example(at, turns[at % 2]) for at in range(examples)),
    )


def an_opinion(score: float | None = GOOD, **changes: JsonValue) -> Opinion:
    """Build an opinion of the judge."""
    return Opinion(score=score, answered_by="judge-1", **changes)


def right_scores(labels: LabelSet, repeats: int = 1) -> dict[str, list[float | None]]:
    """Score every example as it is labelled."""
    return {
        item.id: [GOOD if item.label is Label.GOOD else BAD] * repeats for item in labels.examples
    }


def bad_ids(labels: LabelSet) -> list[str]:
    """List the examples that are labelled bad."""
    return [item.id for item in labels.examples if item.label is Label.BAD]


def an_identity(labels: LabelSet, rubric: Rubric, *, judge: str = JUDGE) -> Identity:
    """Name the judge of the tests."""
    return Identity.of(judge, rubric, labels, prompt_digest="sha256:prompt")


def a_calibration(
    labels: LabelSet,
    rubric: Rubric,
    *,
    scores: dict[str, list[float | None]] | None = None,
    padded: Sequence[float | None] = (),
) -> Calibration:
    """Build the calibration of a judge that is right unless told what it said."""
    found = right_scores(labels) if scores is None else scores
    bad = bad_ids(labels)
    swayed = [*padded, *([BAD] * (len(bad) - len(padded)))]
    return calibration_of(
        an_identity(labels, rubric),
        labels,
        rubric,
        opinions={name: [an_opinion(score) for score in row] for name, row in found.items()},
        padded_opinions={name: an_opinion(score) for name, score in zip(bad, swayed, strict=True)},
        created="2026-03-02T10:00:00+00:00",
    )
