"""Prove that a question must be needed, and about the right thing."""

from __future__ import annotations

import pytest

from harness.scenario import Slot
from harness.scoring.clarification import asks_for, score
from runtime.public import Clarification, JsonObject
from tests.worlds import SET_THREE, a_decline, a_question, evidence, prepared

SLOTS: JsonObject = {
    "clarification": {
        "asks_for": [{"slot": "value", "words": ["how much", "wie viel"]}, {"slot": "step"}]
    }
}


@pytest.mark.parametrize(
    ("question", "value", "missed"),
    [
        pytest.param(a_question("value", "step"), 1.0, "", id="both slots"),
        pytest.param(
            a_question("step", question="WIE VIEL denn?"), 1.0, "", id="by a word, any case"
        ),
        pytest.param(a_question("how much", "step"), 1.0, "", id="by a word among the slots"),
        pytest.param(a_question("value"), 0.5, "step", id="one is missing"),
        pytest.param(a_question(), 0.0, "value, step", id="about something else"),
    ],
)
def test_every_slot_must_be_asked_for(question: Clarification, value: float, missed: str) -> None:
    """The value is the share of slots that were."""
    found = score(evidence(prepared(expect=SLOTS), proposal=question))

    assert found is not None
    assert (found.value, found.passed) == (value, not missed)
    assert found.reason.startswith(f"did not ask for {missed}: " if missed else "")


def test_any_question_is_right_where_no_slot_is_named() -> None:
    """An empty list accepts it."""
    found = score(evidence(prepared(expect={"clarification": {}}), proposal=a_question()))

    assert found is not None
    assert (found.value, found.passed) == (1.0, True)


def test_a_needed_question_that_was_not_asked_fails() -> None:
    """A guess is no question."""
    found = score(evidence(prepared(expect=SLOTS), SET_THREE))

    assert found is not None
    assert (found.passed, found.reason) == (False, "a question was needed, the answer was plan")


@pytest.mark.parametrize(
    "expect", [pytest.param(None, id="plan"), pytest.param({"decline": True}, id="decline")]
)
def test_a_question_without_need_fails(expect: JsonObject | None) -> None:
    """Asking back costs the person time."""
    found = score(evidence(prepared(expect=expect), proposal=a_question(question="Sure?")))

    assert found is not None
    assert (found.passed, found.reason) == (False, "asked without need: Sure?")


@pytest.mark.parametrize(
    "expect",
    [
        pytest.param({"either": ["decline", "clarification"]}, id="either"),
        pytest.param({"never": ["counter.reset"]}, id="never"),
    ],
)
def test_where_a_question_is_one_of_several_right_answers_it_is_not_judged(
    expect: JsonObject,
) -> None:
    """Nobody said what it must be about."""
    assert score(evidence(prepared(expect=expect), proposal=a_question())) is None


def test_where_nothing_was_asked_nothing_is_judged() -> None:
    """A plan or a decline is judged by its kind."""
    assert score(evidence(prepared(), proposal=a_decline())) is None


def test_a_slot_without_words_is_met_by_its_name_only() -> None:
    """A question's text says nothing about it."""
    assert not asks_for(a_question(question="Which step?"), Slot(slot="step"))
    assert asks_for(a_question("step"), Slot(slot="step"))


def test_naming_every_input_is_no_question_about_what_is_missing() -> None:
    """One more than is missing may be named; a list of everything guesses."""
    one_more = a_question("value", "step", "limit")
    everything = a_question("value", "step", "limit", "colour")

    fine = score(evidence(prepared(expect=SLOTS), proposal=one_more))
    guessed = score(evidence(prepared(expect=SLOTS), proposal=everything))

    assert fine is not None
    assert fine.passed
    assert guessed is not None
    assert (guessed.value, guessed.passed) == (0.0, False)
    assert guessed.reason.startswith("asks for everything at once: value, step, limit, colour")
