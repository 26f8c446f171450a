"""Prove that the oracle knows the golden answers and nothing else."""

from __future__ import annotations

import pytest

from harness.models.answer_key import CallAnswer, GoldenAnswer
from harness.models.oracle import Oracle
from runtime.public import ChatRequest

KEY = {"known": GoldenAnswer(calls=(CallAnswer(tool="counter_set", arguments={"value": 3}),))}


def request(scenario: str) -> ChatRequest:
    """Ask about a scenario."""
    return ChatRequest(messages=(), labels={"scenario": scenario})


async def test_a_known_scenario_gets_its_golden_calls() -> None:
    """They cost nothing."""
    found = await Oracle(key=KEY).answer("plangate/oracle", request("known"), {})

    (call,) = found.tool_calls
    assert (call.name, call.arguments) == ("counter_set", '{"value":3}')
    assert (found.cost_micros, found.model) == (0, "plangate/oracle")


async def test_an_unknown_scenario_is_declined() -> None:
    """It makes nothing up."""
    found = await Oracle(key=KEY).answer("plangate/oracle", request("other"), {})

    assert found.tool_calls[0].name == "decline"


async def test_options_are_refused() -> None:
    """There is nothing to choose."""
    with pytest.raises(ValueError, match="takes no options, got rate"):
        await Oracle(key=KEY).answer("plangate/oracle", request("known"), {"rate": "1"})
