"""Prove what the matrix of needed and done counts, and the rates that follow."""

from __future__ import annotations

import pytest

from harness.confusion import KINDS, WRONG_THING, Answered, Share, confusion_of
from harness.scoring.question import QuestionFault
from harness.stats.rates import wilson_interval
from harness.trial import TrialRecord
from runtime.public import JsonObject
from tests.worlds import a_lost_record, a_record

PLAN, ASKED, DECLINE = ("plan",), ("clarification",), ("decline",)
EITHER = ("clarification", "decline")


def answered(needed: tuple[str, ...], did: str, fault: str = "") -> Answered:
    """Build an answer."""
    return Answered(needed=needed, did=did, fault=fault)


ANSWERS = [
    *[answered(PLAN, "plan")] * 6,
    answered(PLAN, "clarification", "over_asked"),
    answered(PLAN, "clarification", "already_known"),
    answered(PLAN, "decline"),
    answered(PLAN, "none"),
    *[answered(ASKED, "clarification")] * 2,
    answered(ASKED, "clarification", "wrong_slot"),
    answered(ASKED, "clarification", "already_known"),
    answered(ASKED, "clarification", "vague"),
    *[answered(ASKED, "plan", "under_asked")] * 3,
    answered(ASKED, "decline", "under_asked"),
    answered(DECLINE, "clarification", "over_asked"),
    answered(EITHER, "plan"),
]


def test_every_answer_is_counted_once() -> None:
    """Rows stand in the order of the columns, mixed ones behind."""
    found = confusion_of(ANSWERS).counts

    assert list(found) == ["plan", "clarification", "decline", "clarification or decline"]
    assert all(tuple(row) == KINDS for row in found.values())
    assert sum(sum(row.values()) for row in found.values()) == len(ANSWERS)
    assert found["plan"] == {"plan": 6, "clarification": 2, "decline": 1, "none": 1}
    assert found["clarification"] == {"plan": 3, "clarification": 5, "decline": 1, "none": 0}


def test_rates_count_what_they_are_named_for() -> None:
    """Each has its own whole."""
    found = confusion_of(ANSWERS)

    assert found.over_ask == Share(count=2, of=10)
    assert found.under_ask == Share(count=3, of=9)
    assert found.wrong_slot == Share(count=2, of=5)


def test_faults_are_counted_by_code() -> None:
    """In the order of their names."""
    assert list(confusion_of(ANSWERS).faults.items()) == [
        ("already_known", 2),
        ("over_asked", 2),
        ("under_asked", 4),
        ("vague", 1),
        ("wrong_slot", 1),
    ]


def test_the_order_of_answers_does_not_matter() -> None:
    """Trials end in any order."""
    assert confusion_of(ANSWERS).document() == confusion_of(reversed(ANSWERS)).document()


def test_a_share_carries_what_chance_leaves_open() -> None:
    """And none where it could not have happened."""
    document = Share(count=2, of=10).document()

    low, high = wilson_interval(2, 10)
    assert document == {"count": 2, "of": 10, "rate": 0.2, "interval": [low, high]}
    nothing = {"count": 0, "of": 0, "rate": None, "interval": None}
    assert Share(count=0, of=0).document() == nothing


def test_nothing_answered_is_an_empty_matrix() -> None:
    """A run that lost every trial still has figures."""
    document = confusion_of([]).document()

    assert (document["counts"], document["faults"]) == ({}, {})
    assert {document[name]["rate"] for name in ("over_ask", "under_ask", "wrong_slot")} == {None}


def test_the_document_has_every_part() -> None:
    """Rates under their names."""
    document = confusion_of([answered(ASKED, "plan", "under_asked")]).document()

    assert document["counts"]["clarification"]["plan"] == 1
    assert document["faults"] == {"under_asked": 1}
    assert document["under_ask"]["rate"] == 1.0


def clarified(**score: object) -> dict[str, JsonObject]:
    """Build the scores of a trial with a question's."""
    return {"clarification": {"value": 0.0, "passed": False, **score}}


@pytest.mark.parametrize(
    ("scores", "fault"),
    [
        pytest.param(clarified(reason="vague: Can you clarify?"), "vague", id="a code"),
        pytest.param(clarified(reason="a question: what?"), "", id="an old reason without a code"),
        pytest.param(clarified(), "", id="no reason"),
        pytest.param(clarified(passed=True, reason="vague: no"), "", id="a question that passed"),
        pytest.param({}, "", id="nothing was asked"),
    ],
)
def test_a_record_tells_what_was_wrong(scores: dict[str, JsonObject], fault: str) -> None:
    """By the code that the reason begins with."""
    record = a_record(
        kind="clarification", golden={"kinds": ["decline", "clarification"]}, scores=scores
    )

    assert Answered.of(record) == answered(EITHER, "clarification", fault)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(a_lost_record(), id="lost"),
        pytest.param(a_record(golden={"kinds": []}), id="any kind is right"),
        pytest.param(a_record(golden={}), id="a record without kinds"),
    ],
)
def test_some_records_have_no_place_in_the_matrix(record: TrialRecord) -> None:
    """Nothing was needed, or nothing came."""
    assert Answered.of(record) is None


def test_the_codes_of_a_wrong_thing_are_those_of_the_scorer() -> None:
    """The two can't drift apart."""
    assert {QuestionFault.WRONG_SLOT, QuestionFault.ALREADY_KNOWN} == WRONG_THING
