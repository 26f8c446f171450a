"""What a trial says to a person is found; what it does not say is not made up."""

from __future__ import annotations

import pytest

from harness.judging.exhibit import ExhibitKind
from harness.judging.exhibits import exhibit_of, expected_text
from runtime.public import JsonObject
from tests.unit.harness.reporting.builders import a_trial

QUESTION = {"kind": "clarification", "question": "Which one?", "asks_for": ["ticket"]}


@pytest.mark.parametrize(
    ("proposal", "kind", "text"),
    [
        pytest.param(QUESTION, "clarification", "Which one?", id="a question"),
        pytest.param(
            {**QUESTION, "choices": ["t_1", "t_2"]},
            "clarification",
            "Which one? (t_1 / t_2)",
            id="a question with choices",
        ),
        pytest.param({"kind": "decline", "reason": "Too hot."}, "decline", "Too hot.", id="a no"),
    ],
)
def test_the_text_of_an_answer_is_what_the_person_reads(
    proposal: JsonObject, kind: str, text: str
) -> None:
    """With what was said, and why the scenario exists."""
    found = exhibit_of(a_trial(proposal=proposal, kind=kind), context="Two tickets fit.")

    assert found is not None
    assert (found.kind, found.text, found.steps) == (ExhibitKind(kind), text, ())
    assert found.said == "Refund 20 euros on ticket t_100."
    assert found.context == "Two tickets fit."
    assert found.expected == "a plan with ticket.refund"


def test_a_plan_is_judged_with_its_steps() -> None:
    """An explanation must fit what is done."""
    plan = {"steps": [{"action": "counter.set@1", "inputs": {"value": 3}}, {"action": "x.y"}]}
    proposal = {"kind": "plan", "plan": plan, "message": "Sets it to three."}

    found = exhibit_of(a_trial(proposal=proposal), context="c")

    assert found is not None
    assert found.text == "Sets it to three."
    assert found.steps == ('counter.set {"value":3}', "x.y {}")


@pytest.mark.parametrize(
    "proposal",
    [
        pytest.param(None, id="no usable answer"),
        pytest.param({"kind": "plan", "plan": {"steps": []}}, id="a plan without a word"),
        pytest.param({"kind": "decline", "reason": " \n"}, id="only blanks"),
    ],
)
def test_silence_is_no_exhibit(proposal: JsonObject | None) -> None:
    """A judge is never asked about nothing."""
    assert exhibit_of(a_trial(proposal=proposal), context="c") is None


@pytest.mark.parametrize(
    ("golden", "text"),
    [
        pytest.param({"kinds": ["decline"]}, "a decline", id="decline"),
        pytest.param({"kinds": ["clarification"]}, "a question", id="any question"),
        pytest.param({"kinds": ["plan"]}, "a plan", id="any plan"),
        pytest.param(
            {"kinds": ["plan"], "plan": {"steps": []}}, "a plan with no step", id="an empty plan"
        ),
        pytest.param({"kinds": []}, "anything but what is forbidden", id="only never"),
    ],
)
def test_right_answers_are_said_in_words(golden: JsonObject, text: str) -> None:
    """The judge knows what would have been right."""
    assert expected_text(golden) == text
