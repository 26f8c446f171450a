"""Write an entry of the leaderboard as a scenario: what is given, what is expected, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from harness.importing.bfcl_category import Expects
from harness.importing.bfcl_entry import Entry
from harness.importing.examples import example_of_schema
from runtime.public import JsonObject

JOURNAL: Final = "/journal/calls"
"""Where a declared environment records its calls."""


def given(entry: Entry, ids: Mapping[str, str]) -> JsonObject:
    """Return what the scene is: the functions on offer, instructions, earlier turns."""
    scene: JsonObject = {"actions": list(ids.values())}
    facts = dict(entry.facts)
    if entry.spoken.instructions:
        facts["instructions"] = entry.spoken.instructions
    if facts:
        scene["facts"] = facts
    if entry.spoken.history:
        scene["history"] = list(entry.spoken.history)
    return scene


def expected(entry: Entry, ids: Mapping[str, str]) -> JsonObject:
    """Return what must come of it."""
    return _EXPECTED[entry.expects](entry, ids)


def reason(entry: Entry) -> str:
    """Say in one sentence why the case exists."""
    names = ", ".join(dict.fromkeys(call.function for call in entry.calls))
    if entry.expects is not Expects.CALLS:
        return _REASONS[entry.expects]
    if len(entry.calls) == 1:
        return f"One call of {names} with the published values answers the request."
    order = "in this order" if entry.turn else "in any order"
    return f"{len(entry.calls)} calls of {names} {order} answer the request."


def tags(entry: Entry) -> list[str]:
    """Return the tags that tell what kind of case it is."""
    turn = ["multi-turn"] if entry.turn else []
    if entry.expects is not Expects.CALLS:
        return [*turn, _TAGS[entry.expects]]
    several = "chain" if entry.turn else "parallel"
    return [*turn, "single" if len(entry.calls) == 1 else several]


def _calls(entry: Entry, ids: Mapping[str, str]) -> JsonObject:
    steps = [{"action": ids[call.function], "inputs": call.inputs} for call in entry.calls]
    ordered = entry.turn or len(steps) == 1
    return {"plan": {"mode": "exact" if ordered else "unordered", "steps": steps}}


def _no_call(_entry: Entry, _ids: Mapping[str, str]) -> JsonObject:
    return {"either": ["decline", "clarification"]}


def _question(_entry: Entry, _ids: Mapping[str, str]) -> JsonObject:
    return {"clarification": {"asks_for": []}}


def _any_call(entry: Entry, ids: Mapping[str, str]) -> JsonObject:
    """Expect a call of any function on offer, whatever its inputs, and maybe more calls."""
    patterns: list[JsonObject] = [
        {"action": ids[function.name], "inputs": {"$any": True}} for function in entry.functions
    ]
    patterns[0]["inputs"]["$example"] = example_of_schema(entry.functions[0].schema)
    return {
        "plan": {"mode": "superset", "steps": [{"any_of": patterns}]},
        "volatile": [JOURNAL],
    }


_EXPECTED: Final[Mapping[Expects, Callable[[Entry, Mapping[str, str]], JsonObject]]] = (
    MappingProxyType(
        {
            Expects.CALLS: _calls,
            Expects.NO_CALL: _no_call,
            Expects.QUESTION: _question,
            Expects.ANY_CALL: _any_call,
        }
    )
)
_REASONS: Final[Mapping[Expects, str]] = MappingProxyType(
    {
        Expects.NO_CALL: "None of the offered functions does what is asked.",
        Expects.QUESTION: "What is asked lacks a value that nobody but the person knows.",
        Expects.ANY_CALL: "At least one of the offered functions helps with what is asked.",
    }
)
_TAGS: Final[Mapping[Expects, str]] = MappingProxyType(
    {
        Expects.NO_CALL: "irrelevance",
        Expects.QUESTION: "missing-parameter",
        Expects.ANY_CALL: "relevance",
    }
)
