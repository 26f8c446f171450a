"""Prove that answers are spelt as a model would spell them."""

from __future__ import annotations

import orjson

from harness.models.answer_key import ask_call, completion_of, decline_call


def test_calls_become_numbered_tool_calls_that_cost_nothing() -> None:
    """The parser of real answers reads them."""
    found = completion_of((ask_call("Which?", ("a", "b")), decline_call("No.")), model="m")

    assert [call.id for call in found.tool_calls] == ["call_0", "call_1"]
    assert [orjson.loads(call.arguments) for call in found.tool_calls] == [
        {"question": "Which?", "asks_for": ["a", "b"]},
        {"reason": "No."},
    ]
    assert (found.cost_micros, found.finish_reason) == (0, "tool_calls")
