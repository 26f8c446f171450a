"""A note is in the state at once, names what carries it, and is answered at most once."""

from __future__ import annotations

from dataclasses import replace

from runtime.plugins.stdlib.courier import PLUGIN, SEND
from runtime.plugins.stdlib.effects.http_call import HTTP_CALL
from runtime.public import JsonObject, Judgement, Plan, Sandbox, State, Step, StepStatus

SANDBOX = Sandbox.of(PLUGIN, PLUGIN.environments[0])
EMPTY: JsonObject = {"sent": 0, "answered": 0, "last_text": "", "last_status": None}


def judge(action: str, inputs: JsonObject, **courier: object) -> Judgement:
    """Simulate one step."""
    state = State.of({"courier": {**EMPTY, **courier}})
    return SANDBOX.simulate(
        Plan(steps=(Step(action=action, inputs=inputs),)),
        replace(SANDBOX.situation(), state=state),
    )


def test_a_note_is_sent_by_an_effect_that_is_installed() -> None:
    """The state tells of the note; what carries it is the built-in HTTP call."""
    judged = judge("note.send", {"to": "https://example.com/notes", "text": "Hello"})

    assert judged.outcome.status is StepStatus.DONE
    assert judged.state.components["courier"] == {**EMPTY, "sent": 1, "last_text": "Hello"}
    assert [effect.job for effect in SEND.side_effects] == [HTTP_CALL.name]


def test_an_answer_is_recorded_for_a_note_that_is_on_its_way() -> None:
    """What the worker writes back moves nothing but the answer."""
    judged = judge("note.record_answer", {"status": 204}, sent=1, last_text="Hello")

    assert judged.state.components["courier"] == {
        "sent": 1,
        "answered": 1,
        "last_text": "Hello",
        "last_status": 204,
    }


def test_an_answer_to_nothing_is_refused() -> None:
    """Nobody can record more answers than notes were sent."""
    judged = judge("note.record_answer", {"status": 204}, sent=1, answered=1)

    assert judged.outcome.status is StepStatus.REFUSED


def test_a_note_to_no_address_is_refused() -> None:
    """What is no address of HTTP never becomes a job."""
    assert judge("note.send", {"to": "ftp://x", "text": "a"}).outcome.refusal is not None
