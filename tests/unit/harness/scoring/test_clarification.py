"""Prove that a question must be needed, and about the right thing."""

from __future__ import annotations

import pytest

from harness.prepared import PreparedScenario
from harness.score import Score
from harness.scoring.clarification import score
from runtime.public import JsonObject, Proposal
from tests.worlds import SET_THREE, a_decline, a_question, evidence, prepared

SLOTS: JsonObject = {
    "clarification": {
        "asks_for": [{"slot": "value", "words": ["how much", "wie viel"]}, {"slot": "step"}]
    }
}
AMOUNT: JsonObject = {
    "clarification": {"asks_for": [{"slot": "amount_cents", "words": ["how much", "Betrag"]}]}
}


def found(scenario: PreparedScenario, proposal: Proposal) -> Score:
    """Return the score of an answer that has one."""
    answer = score(evidence(scenario, proposal=proposal))
    assert answer is not None
    return answer


def a_refund(**changes: JsonObject) -> PreparedScenario:
    """Build a scenario where the sum of a refund is missing."""
    said = {"message": "Ann should get some money back."}
    return prepared(**{"environment": "helpdesk", "expect": AMOUNT, "when": said, **changes})


@pytest.mark.parametrize(
    ("question", "value", "missed"),
    [
        pytest.param(a_question("value", "step"), 1.0, "", id="both slots"),
        pytest.param(
            a_question("step", question="WIE VIEL denn?"), 1.0, "", id="by a word, any case"
        ),
        pytest.param(a_question("how much", "step"), 1.0, "", id="by a word among the slots"),
        pytest.param(a_question("value"), 0.5, "step", id="one is missing"),
    ],
)
def test_every_slot_must_be_asked_for(question: Proposal, value: float, missed: str) -> None:
    """The value is the share of slots that were."""
    answer = found(prepared(expect=SLOTS), question)

    assert (answer.value, answer.passed) == (value, not missed)
    expected = f"incomplete: did not ask for {missed}: Which value?" if missed else ""
    assert answer.reason == expected


def test_a_question_about_something_else_asks_for_the_wrong_slot() -> None:
    """The reason names what is missing and repeats the question."""
    answer = found(a_refund(), a_question("reason", question="What is the reason?"))

    assert (answer.value, answer.passed) == (0.0, False)
    assert answer.reason == "wrong_slot: did not ask for amount_cents: What is the reason?"


@pytest.mark.parametrize(
    ("changes", "slot"),
    [
        pytest.param({"when": {"message": "Some money for t_100."}}, "ticket", id="an id said"),
        pytest.param(
            {"given": {"history": [{"user": "t_100"}, {"assistant": "What of it?"}]}},
            "ticket",
            id="an id said earlier",
        ),
        pytest.param({"given": {"facts": {"reason": "late"}}}, "reason", id="a fact"),
        pytest.param({"when": {"message": "Urgent! Money!"}}, "priority", id="a listed value"),
    ],
)
def test_what_was_told_is_not_to_be_asked(changes: JsonObject, slot: str) -> None:
    """The message, the history and the facts answer it."""
    answer = found(a_refund(**changes), a_question(slot, question=f"Which {slot}?"))

    assert answer.reason == f"already_known: asked for {slot}: Which {slot}?"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        pytest.param("Some money, say 20.", "already_known", id="a number"),
        pytest.param("Some money for t_100.", "wrong_slot", id="an id is no number"),
        pytest.param("Some money for the 7b.", "wrong_slot", id="nor is a part of a name"),
    ],
)
def test_a_number_tells_what_is_counted(said: str, code: str) -> None:
    """A slot that takes a number is known once a number was said."""
    asks_body: JsonObject = {"clarification": {"asks_for": [{"slot": "body"}]}}
    scenario = a_refund(expect=asks_body, when={"message": said})

    answer = found(scenario, a_question("amount_cents", question="Which amount?"))

    assert answer.reason.startswith(f"{code}: ")


def test_what_the_assistant_said_tells_nothing() -> None:
    """Only the person knows."""
    scenario = a_refund(given={"history": [{"assistant": "Is it t_100?"}]})

    answer = found(scenario, a_question("ticket", question="Which ticket?"))

    assert answer.reason.startswith("wrong_slot: ")


def test_an_input_of_any_form_is_not_known_by_any_word() -> None:
    """A form that every word has tells nothing."""
    asks_value: JsonObject = {"clarification": {"asks_for": [{"slot": "value"}]}}
    scenario = prepared(environment="memory", expect=asks_value)

    answer = found(scenario, a_question("key", question="Which key?"))

    assert answer.reason.startswith("wrong_slot: ")


def test_any_question_is_right_where_no_slot_is_named() -> None:
    """An empty list accepts it."""
    answer = found(prepared(expect={"clarification": {}}), a_question())

    assert (answer.value, answer.passed, answer.reason) == (1.0, True, "")


def test_a_statement_is_not_even_any_question() -> None:
    """It must ask."""
    answer = found(prepared(expect={"clarification": {}}), a_question(question="I see."))

    assert answer.reason == "not_a_question: I see."


@pytest.mark.parametrize("given_up", [pytest.param(False, id="plan"), pytest.param(True, id="no")])
def test_a_needed_question_that_was_not_asked_fails(given_up: bool) -> None:  # noqa: FBT001  # a table
    """A guess is no question, nor is a refusal."""
    scenario = prepared(expect=SLOTS)
    calls = () if given_up else (SET_THREE,)

    answer = score(evidence(scenario, *calls, proposal=a_decline() if given_up else None))

    assert answer is not None
    kind = "decline" if given_up else "plan"
    assert answer.reason == f"under_asked: a question was needed, the answer was {kind}"
    assert (answer.value, answer.passed) == (0.0, False)


@pytest.mark.parametrize(
    "expect", [pytest.param(None, id="plan"), pytest.param({"decline": True}, id="decline")]
)
def test_a_question_without_need_fails(expect: JsonObject | None) -> None:
    """Asking back costs the person time."""
    answer = found(prepared(expect=expect), a_question(question="Sure?"))

    assert (answer.value, answer.passed) == (0.0, False)
    assert answer.reason == "over_asked: asked without need: Sure?"


def test_a_question_that_the_golden_plan_answers_is_already_known() -> None:
    """A plan is expected, so its inputs must be known."""
    answer = found(prepared(), a_question(question="Which value shall I set?"))

    assert answer.reason == "already_known: asked for value: Which value shall I set?"


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


@pytest.mark.parametrize(
    ("names", "code"),
    [
        pytest.param(("value", "step", "limit"), "", id="one more than is missing"),
        pytest.param(("value", "step", "limit", "colour"), "everything_at_once", id="two more"),
    ],
)
def test_naming_every_input_is_no_question_about_what_is_missing(
    names: tuple[str, ...], code: str
) -> None:
    """One more name may be listed; a list of everything guesses."""
    answer = found(prepared(expect=SLOTS), a_question(*names))

    assert answer.passed is not bool(code)
    reason = f"{code}: asks for {', '.join(names)}: Which value?" if code else ""
    assert answer.reason == reason


def test_a_second_question_is_worth_half() -> None:
    """It asks for what is missing, and for what is not."""
    asked = a_question("amount_cents", question="How much, and what is the reason?")

    answer = found(a_refund(), asked)

    assert (answer.value, answer.passed) == (0.5, False)
    assert answer.reason == "everything_at_once: How much, and what is the reason?"
