"""Prove what is a right question, and the name of each way to be wrong."""

from __future__ import annotations

import pytest

from harness.scoring.question import RIGHT, QuestionFault, Verdict, focus, judge
from harness.scoring.topic import Topic
from runtime.public import Clarification

HALL = Topic.of("zone", ("hall", "north", "south"))
SUM = Topic.of("amount_cents", ("how much",))
REASON = Topic.of("reason")


def judged(
    text: str,
    *names: str,
    missing: tuple[Topic, ...] = (HALL,),
    choices: tuple[str, ...] = (),
) -> Verdict:
    """Judge a question; the sum and a reason could be asked for as well."""
    asked = Clarification(question=text, asks_for=names, choices=choices)
    return judge(asked, missing, [it for it in (HALL, SUM, REASON) if it not in missing])


@pytest.mark.parametrize(
    ("text", "names", "choices"),
    [
        pytest.param("Which hall?", (), (), id="by its words"),
        pytest.param("Which one?", ("zone",), (), id="a definite question with its name"),
        pytest.param("Which one?", (), ("north", "south"), id="by the choices"),
        pytest.param("There are north and south. Which one?", (), (), id="by what leads to it"),
        pytest.param(
            "Where should it be warmer?", ("zone",), (), id="by its name, content unknown"
        ),
        pytest.param("Shall I open north or south?", (), (), id="an offer of candidates"),
        pytest.param("Shall I open it?", (), ("north", "south"), id="an offer with choices"),
        pytest.param("Which hall?", ("zone", "amount"), (), id="one more name, one question"),
        pytest.param("Which hall? Shall I go ahead then?", (), (), id="a plea behind the question"),
        pytest.param("Which hall, and which one exactly?", (), (), id="the same, twice"),
    ],
)
def test_a_question_is_right(text: str, names: tuple[str, ...], choices: tuple[str, ...]) -> None:
    """A person who answers it tells what is missing."""
    assert judged(text, *names, choices=choices) == RIGHT


@pytest.mark.parametrize(
    ("text", "names", "fault"),
    [
        pytest.param("?", ("zone",), QuestionFault.VAGUE, id="a mark"),
        pytest.param("Could you clarify?", ("zone",), QuestionFault.VAGUE, id="clarify"),
        pytest.param("Which one?", (), QuestionFault.VAGUE, id="which one, without a name"),
        pytest.param("What?", ("zone",), QuestionFault.VAGUE, id="no definite question"),
        pytest.param("It is late.", ("zone",), QuestionFault.NOT_A_QUESTION, id="a statement"),
        pytest.param("Shall I go?", ("zone",), QuestionFault.CONSENT_SEEKING, id="an offer"),
        pytest.param(
            "Shall I open a hall?", (), QuestionFault.CONSENT_SEEKING, id="an offer of it"
        ),
        pytest.param("Shall I go or wait here?", (), QuestionFault.CONSENT_SEEKING, id="or wait"),
        pytest.param("Shall I open north or not?", (), QuestionFault.CONSENT_SEEKING, id="or not"),
        pytest.param(
            "Shall I open and then lock it?", (), QuestionFault.PLAN_NARRATED, id="a plan"
        ),
        pytest.param("What colour?", (), QuestionFault.WRONG_SLOT, id="something unknown"),
        pytest.param("Which reason?", ("zone",), QuestionFault.WRONG_SLOT, id="another, its name"),
        pytest.param(
            "Which hall?", ("zone", "b", "c"), QuestionFault.EVERYTHING_AT_ONCE, id="many names"
        ),
        pytest.param(
            "Give me all details of the hall", (), QuestionFault.EVERYTHING_AT_ONCE, id="a form"
        ),
        pytest.param(
            "Which hall, and what colour?", (), QuestionFault.EVERYTHING_AT_ONCE, id="two questions"
        ),
        pytest.param(
            "Which hall? What colour?", (), QuestionFault.EVERYTHING_AT_ONCE, id="two sentences"
        ),
    ],
)
def test_a_question_is_wrong(text: str, names: tuple[str, ...], fault: QuestionFault) -> None:
    """Each way has its name."""
    assert judged(text, *names).fault is fault


def test_choices_that_are_no_candidates_make_an_offer_no_question() -> None:
    """Yes and no say nothing about the hall, and one choice is none."""
    for choices in (("yes", "no"), ("north",)):
        assert judged("Shall I go?", choices=choices).fault is QuestionFault.CONSENT_SEEKING


def test_one_of_two_missing_things_is_worth_half() -> None:
    """The verdict names the other."""
    verdict = judged("Which hall?", missing=(HALL, SUM))

    assert verdict == Verdict(fault=QuestionFault.INCOMPLETE, share=0.5, about="amount_cents")


def test_what_the_text_leaves_out_may_be_in_the_names() -> None:
    """Both together ask for everything that is missing."""
    assert judged("Which hall?", "amount_cents", missing=(HALL, SUM)) == RIGHT


def test_both_missing_things_may_be_asked_for_at_once() -> None:
    """Exactly what is missing is not everything."""
    assert judged("Which hall, and how much?", missing=(HALL, SUM)) == RIGHT


def test_a_second_question_leaves_half_of_the_value() -> None:
    """The first one was right."""
    assert judged("Which hall, and what colour?").share == 0.5


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("Can you clarify?", None, id="vague"),
        pytest.param("Shall I go ahead?", QuestionFault.CONSENT_SEEKING, id="an offer"),
        pytest.param("I see.", QuestionFault.NOT_A_QUESTION, id="a statement"),
    ],
)
def test_where_any_question_is_right_it_must_still_be_one(
    text: str, fault: QuestionFault | None
) -> None:
    """Vague is good enough there."""
    assert judged(text, missing=()).fault is fault


def test_the_focus_is_what_is_named_or_comes_first() -> None:
    """What is mentioned in passing is not asked for."""
    by_name = Clarification(question="Well?", asks_for=("reason",))
    by_text = Clarification(question="Which reason has the hall?")

    assert focus(by_name, [HALL, SUM, REASON]) == (REASON,)
    assert focus(by_text, [HALL, SUM, REASON]) == (REASON,)
