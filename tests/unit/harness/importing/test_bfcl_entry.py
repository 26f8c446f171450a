"""Prove how a published question is read, and why some can't be expressed."""

from __future__ import annotations

import pytest

from harness.importing.bfcl_category import Expects
from harness.importing.bfcl_entry import ExpectedCall, Spoken, read_entry
from harness.importing.unusable import UnusableError
from runtime.public import JsonObject, JsonValue

START: JsonObject = {
    "name": "pump.start",
    "description": "Start it.",
    "parameters": {
        "type": "dict",
        "properties": {"speed": {"type": "integer"}, "note": {"type": "string", "default": 1}},
        "required": ["speed"],
    },
}
STOP: JsonObject = {"name": "pump.stop"}


def said(role: str, text: JsonValue = "Start the pump.") -> JsonObject:
    """Build a message."""
    return {"role": role, "content": text}


def a_question(*messages: JsonValue, **changes: JsonValue) -> JsonObject:
    """Build a question of one turn that offers both functions."""
    turns = [list(messages or (said("user"),))]
    return {"id": "pump_0", "question": turns, "function": [START, STOP], **changes}


def test_question_with_one_call_is_read() -> None:
    """Functions, expected inputs and what was mended come in the question's own order."""
    entry = read_entry(a_question(), [{"pump.start": {"speed": [3], "note": ["", 7]}}])

    assert entry.spoken == Spoken(message="Start the pump.")
    assert [(item.name, item.description) for item in entry.functions] == [
        ("pump.start", "Start it."),
        ("pump.stop", "pump.stop"),
    ]
    assert entry.calls == (ExpectedCall(function="pump.start", inputs={"speed": 3}),)
    assert [note.partition(":")[0] for note in entry.mended] == ["pump.start/note"] * 2


def test_calls_widen_the_function_that_is_offered() -> None:
    """A loosened declaration is the one that a model sees, for each of its calls."""
    calls = [{"pump.start": {"speed": [1.5]}}, {"pump.start": {"speed": [2.5]}}]

    entry = read_entry(a_question(), calls)

    speed = entry.functions[0].schema["properties"]["speed"]
    assert speed == {"type": ["integer", "number"]}
    assert [call.inputs for call in entry.calls] == [{"speed": 1.5}, {"speed": 2.5}]


@pytest.mark.parametrize(
    ("turns", "spoken"),
    [
        pytest.param(
            [[said("system", "Be brief."), said("user", "Go.")]],
            Spoken(message="Go.", instructions="Be brief."),
            id="a system message",
        ),
        pytest.param(
            [[said("user", "Hi."), said("assistant", "Hello.")], [said("user", "Go.")]],
            Spoken(message="Go.", history=({"user": "Hi."}, {"assistant": "Hello."})),
            id="an earlier turn",
        ),
        pytest.param([said("user", "Go.")], Spoken(message="Go."), id="messages without turns"),
    ],
)
def test_turns_become_history_and_instructions(turns: list[JsonValue], spoken: Spoken) -> None:
    """The last message is the one to answer; nobody's words become somebody else's."""
    question = {**a_question(), "question": turns}

    assert read_entry(question, [{"pump.stop": {}}]).spoken == spoken


@pytest.mark.parametrize("calls", [pytest.param(None, id="no answer"), []])
def test_irrelevant_question_expects_no_call(calls: JsonValue) -> None:
    """A question that says so in its id needs no answer."""
    entry = read_entry(a_question(id="live_irrelevance_3"), calls)

    assert (entry.calls, entry.expects) == ((), Expects.NO_CALL)


@pytest.mark.parametrize(
    ("name", "calls", "expects"),
    [
        pytest.param("live_relevance_3-3-0", None, Expects.ANY_CALL, id="any call"),
        pytest.param("simple_0", [], Expects.NO_CALL, id="an answer without calls"),
        pytest.param("irrelevance_1", [{"pump.stop": {}}], Expects.CALLS, id="answered after all"),
    ],
)
def test_category_says_what_is_expected(name: str, calls: JsonValue, expects: Expects) -> None:
    """A published answer outweighs what the category usually has."""
    assert read_entry(a_question(id=name), calls).expects is expects


def test_values_written_as_source_are_read_in_their_categories_only() -> None:
    """In Python's categories a text is a text, even where a number is declared."""
    calls = [{"pump.start": {"speed": ["5L"]}}]

    java = read_entry(a_question(id="simple_java_0"), calls)
    python = read_entry(a_question(id="simple_python_0"), calls)

    assert java.calls[0].inputs == {"speed": 5}
    assert python.calls[0].inputs == {"speed": {"$folded": "5L"}}


def test_agentic_category_is_refused() -> None:
    """What is judged by its final text can't be a plan."""
    with pytest.raises(UnusableError, match="category memory is judged by the text"):
        read_entry({"id": "memory_0-customer-0"}, None)


def test_equal_function_twice_is_offered_once() -> None:
    """A repeated declaration adds nothing."""
    assert len(read_entry(a_question(function=[STOP, STOP]), []).functions) == 1


@pytest.mark.parametrize(
    ("question", "why"),
    [
        pytest.param(a_question(function=None), "no 'function' list", id="no functions"),
        pytest.param(a_question(function=[]), "no 'function' list", id="an empty list"),
        pytest.param(a_question(function=["f"]), "has no name", id="a bare name"),
        pytest.param(a_question(function=[{"name": 3}]), "has no name", id="a number for a name"),
        pytest.param(
            a_question(function=[STOP, {**STOP, "description": "Other."}]),
            "two different functions of the name 'pump.stop'",
            id="one name for two functions",
        ),
        pytest.param(
            a_question(function=[{"name": "f", "parameters": {"type": "queue"}}]),
            "function 'f': '' has type",
            id="an unknown type",
        ),
        pytest.param(a_question(question=[]), "no 'question' list", id="no question"),
        pytest.param(a_question(question="Go."), "no 'question' list", id="a bare text"),
        pytest.param(a_question(said("system")), "not the user's", id="nothing said"),
        pytest.param(a_question(said("user"), said("assistant")), "not the user's", id="answered"),
        pytest.param(a_question(said("user", " ")), "is empty", id="a blank message"),
        pytest.param(a_question(said("user", ["Go."])), "has no text", id="parts"),
        pytest.param(a_question("Go."), "has no text", id="a message without a role"),
        pytest.param(a_question(said("tool")), 'role "tool"', id="a tool's message"),
    ],
)
def test_question_of_another_form_is_refused(question: JsonObject, why: str) -> None:
    """The message says what is there and what was expected."""
    with pytest.raises(UnusableError, match=why):
        read_entry(question, [{"pump.stop": {}}] if why.startswith(("not", "is")) else [])


@pytest.mark.parametrize(
    ("calls", "why"),
    [
        pytest.param(None, "no published answer", id="no answer"),
        pytest.param("stop", "expected a list of calls", id="a text"),
        pytest.param([["pump.stop()"]], "expected {function: inputs}", id="calls for each turn"),
        pytest.param(["pump.stop"], "expected {function: inputs}", id="a bare name"),
        pytest.param([{"a": {}, "b": {}}], "expected {function: inputs}", id="two in one"),
        pytest.param([{"pump.pause": {}}], "'pump.pause', which it does not", id="not offered"),
    ],
)
def test_answer_of_another_form_is_refused(calls: JsonValue, why: str) -> None:
    """An answer that can't be checked is not a golden one."""
    with pytest.raises(UnusableError, match=why):
        read_entry(a_question(), calls)
