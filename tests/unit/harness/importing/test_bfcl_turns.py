"""Prove what each turn of a conversation becomes."""

from __future__ import annotations

import pytest

from harness.importing.bfcl_category import Expects
from harness.importing.bfcl_documents import Documents
from harness.importing.bfcl_entry import ExpectedCall
from harness.importing.bfcl_turns import CAN_NOT, MORE_FUNCTIONS, WHICH, Turns
from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue

OPEN: JsonObject = {
    "name": "open",
    "parameters": {
        "properties": {"door": {"type": "string"}, "width": {"type": "integer"}},
        "required": ["door", "width"],
    },
}
SHUT: JsonObject = {"name": "shut", "parameters": {"properties": {"doors": {"type": "array"}}}}
TEXTS = ("Open the gate.", "And shut it.", "Now the barn.")


def a_conversation(*texts: str, category: str = "base", **changes: JsonValue) -> JsonObject:
    """Build a conversation; an empty text is a turn without a message."""
    turns = [[{"role": "user", "content": text}] if text else [] for text in texts or TEXTS]
    return {
        "id": f"multi_turn_{category}_0",
        "question": turns,
        "function": [OPEN, SHUT],
        **changes,
    }


def turns_of(content: JsonObject, *calls: list[str]) -> Turns:
    """Read a conversation whose functions stand in it."""
    return Turns(content, list(calls), Documents(None))


OPENED = ["open(door='gate', width=2)"]
SHUT_IT = ["shut(doors=['gate'])", "shut()"]


def test_turn_knows_what_was_said_and_done_before() -> None:
    """Earlier golden calls are told as the assistant's own words."""
    turns = turns_of(a_conversation(initial_config={"gate": "shut"}), OPENED, SHUT_IT, OPENED)

    entry = turns.entry(3)

    assert (len(turns), entry.turn, entry.spoken.message) == (3, 3, "Now the barn.")
    assert entry.spoken.history == (
        {"user": "Open the gate."},
        {"assistant": 'Done: open {"door":"gate","width":2}.'},
        {"user": "And shut it."},
        {"assistant": 'Done: shut {"doors":["gate"]}; shut {}.'},
    )
    assert entry.facts == {"state_at_the_beginning": {"gate": "shut"}}
    assert entry.expects is Expects.CALLS


def test_calls_keep_their_order_and_their_exact_values() -> None:
    """The benchmark executes these calls, so nothing in them is folded."""
    entry = turns_of(a_conversation("Go."), SHUT_IT).entry(1)

    assert entry.calls == (
        ExpectedCall(function="shut", inputs={"doors": {"$literal": ["gate"]}}),
        ExpectedCall(function="shut", inputs={}),
    )
    assert entry.spoken.history == ()
    assert (entry.mended, entry.facts) == ((), {})


@pytest.mark.parametrize(
    ("call", "notes"),
    [
        pytest.param("open('gate', 2.5)", ["open/width: type number allowed"], id="a type"),
        pytest.param("open('gate')", ["open/width: no longer required"], id="left out"),
        pytest.param("open('gate', 2, key=1)", ["open/key: declared"], id="not declared"),
    ],
)
def test_call_that_contradicts_its_declaration_loosens_it(call: str, notes: list[str]) -> None:
    """A golden call must be able to run."""
    entry = turns_of(a_conversation("Go."), [call]).entry(1)

    assert [note[: len(notes[0])] for note in entry.mended] == notes


@pytest.mark.parametrize(
    ("category", "expects", "answer"),
    [
        pytest.param("miss_param", Expects.QUESTION, WHICH, id="a value is missing"),
        pytest.param("miss_func", Expects.NO_CALL, CAN_NOT, id="a function is missing"),
        pytest.param("base", Expects.NO_CALL, CAN_NOT, id="nothing to do"),
    ],
)
def test_turn_without_calls_expects_none(category: str, expects: Expects, answer: str) -> None:
    """What was wrong then is told to the next turn."""
    turns = turns_of(a_conversation(*TEXTS[:2], category=category), [], OPENED)

    assert (turns.entry(1).expects, turns.entry(1).calls) == (expects, ())
    assert turns.entry(2).spoken.history[-1] == {"assistant": answer}


def test_function_is_offered_from_the_turn_that_brings_it() -> None:
    """Until then it is held back, and a turn without a message only brings it."""
    content = a_conversation("Shut it.", "", "Again.", missed_function={"1": ["shut"]})

    turns = turns_of(content, [], ["shut()"], ["shut()"])

    offered = [[item.name for item in turns.entry(at).functions] for at in (1, 2, 3)]
    assert offered == [["open"], ["open", "shut"], ["open", "shut"]]
    assert turns.entry(2).spoken.message == MORE_FUNCTIONS
    assert turns.entry(2).mended == ("/message: ours, because this turn has none",)
    assert turns.entry(3).spoken.history[2] == {"user": MORE_FUNCTIONS}


def test_system_messages_are_nobodys_turn() -> None:
    """Instructions of the turn are kept, those of earlier turns are not history."""
    said = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Go."}]
    content = {**a_conversation(), "question": [said, said]}

    entry = turns_of(content, OPENED, OPENED).entry(2)

    assert entry.spoken.instructions == "Be kind."
    assert entry.spoken.history[0] == {"user": "Go."}


def test_call_of_a_function_that_is_held_back_is_refused() -> None:
    """No model could make it."""
    content = a_conversation("Shut it.", "Again.", missed_function={"1": ["shut"]})

    with pytest.raises(UnusableError, match="'shut', which is not on offer in this turn"):
        turns_of(content, ["shut()"], []).entry(1)


@pytest.mark.parametrize(
    ("content", "calls", "why"),
    [
        pytest.param(a_conversation(question=None), [OPENED], "'question' is no list", id="none"),
        pytest.param(a_conversation(), None, "'ground_truth' is no list", id="no answer"),
        pytest.param(a_conversation(), ["open()"], "'ground_truth' is no list", id="one turn's"),
        pytest.param(a_conversation(), [OPENED], "3 turns and answers for 1", id="too few"),
    ],
)
def test_anything_else_is_refused(content: JsonObject, calls: JsonValue, why: str) -> None:
    """Turns and answers belong together one by one."""
    with pytest.raises(UnusableError, match=why):
        Turns(content, calls, Documents(None))
