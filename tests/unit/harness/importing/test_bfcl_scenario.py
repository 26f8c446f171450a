"""Prove what an entry expects as a scenario."""

from __future__ import annotations

import pytest

from harness.importing.actions import Function
from harness.importing.bfcl_category import Expects
from harness.importing.bfcl_entry import Entry, ExpectedCall, Spoken
from harness.importing.bfcl_scenario import expected, given, reason, tags
from runtime.public import JsonObject, JsonValue

IDS = {"a": "call.a@1", "b": "call.b@1"}
SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
}


def an_entry(*names: str, expects: Expects = Expects.CALLS, turn: int = 0) -> Entry:
    """Build an entry that calls these functions of two."""
    return Entry(
        spoken=Spoken(message="Go."),
        functions=tuple(Function(name=name, description=name, schema=SCHEMA) for name in IDS),
        calls=tuple(ExpectedCall(function=name, inputs={"n": 1}) for name in names),
        expects=expects,
        turn=turn,
    )


A: JsonObject = {"action": "call.a@1", "inputs": {"n": 1}}
B: JsonObject = {"action": "call.b@1", "inputs": {"n": 1}}


@pytest.mark.parametrize(
    ("entry", "expectation", "tagged"),
    [
        pytest.param(
            an_entry("a"), {"plan": {"mode": "exact", "steps": [A]}}, ["single"], id="a call"
        ),
        pytest.param(
            an_entry("a", "b"),
            {"plan": {"mode": "unordered", "steps": [A, B]}},
            ["parallel"],
            id="parallel calls",
        ),
        pytest.param(
            an_entry("a", "b", turn=2),
            {"plan": {"mode": "exact", "steps": [A, B]}},
            ["multi-turn", "chain"],
            id="the calls of a turn",
        ),
        pytest.param(
            an_entry("a", turn=1),
            {"plan": {"mode": "exact", "steps": [A]}},
            ["multi-turn", "single"],
            id="the call of a turn",
        ),
        pytest.param(
            an_entry(expects=Expects.NO_CALL),
            {"either": ["decline", "clarification"]},
            ["irrelevance"],
            id="no call",
        ),
        pytest.param(
            an_entry(expects=Expects.QUESTION, turn=1),
            {"clarification": {"asks_for": []}},
            ["multi-turn", "missing-parameter"],
            id="a question",
        ),
        pytest.param(
            an_entry(expects=Expects.ANY_CALL),
            {
                "plan": {
                    "mode": "superset",
                    "steps": [
                        {
                            "any_of": [
                                {
                                    "action": "call.a@1",
                                    "inputs": {"$any": True, "$example": {"n": 0}},
                                },
                                {"action": "call.b@1", "inputs": {"$any": True}},
                            ]
                        }
                    ],
                },
                "volatile": ["/journal/calls"],
            },
            ["relevance"],
            id="any call",
        ),
    ],
)
def test_entry_becomes_an_expectation(
    entry: Entry, expectation: JsonValue, tagged: list[str]
) -> None:
    """Each kind of question has its own."""
    assert expected(entry, IDS) == expectation
    assert tags(entry) == tagged


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        pytest.param(an_entry("a"), "One call of a with", id="a call"),
        pytest.param(an_entry("a", "a", "b"), "3 calls of a, b in any order", id="parallel"),
        pytest.param(an_entry("b", "a", turn=1), "2 calls of b, a in this order", id="a turn"),
        pytest.param(an_entry(expects=Expects.NO_CALL), "None of the offered", id="no call"),
        pytest.param(an_entry(expects=Expects.QUESTION), "What is asked lacks", id="a question"),
        pytest.param(an_entry(expects=Expects.ANY_CALL), "At least one of", id="any call"),
    ],
)
def test_reason_says_why_the_case_exists(entry: Entry, why: str) -> None:
    """Reports show it beside a failure."""
    assert reason(entry).startswith(why)


def test_scene_holds_what_there_is() -> None:
    """Facts and history are left out where nothing was published."""
    plain = an_entry("a")
    spoken = Spoken(message="Go.", history=({"user": "Hi."},), instructions="Be kind.")
    rich = Entry(spoken=spoken, functions=plain.functions, facts={"door": "shut"})

    assert given(plain, IDS) == {"actions": ["call.a@1", "call.b@1"]}
    assert given(rich, IDS) == {
        "actions": ["call.a@1", "call.b@1"],
        "facts": {"door": "shut", "instructions": "Be kind."},
        "history": [{"user": "Hi."}],
    }
