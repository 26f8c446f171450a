"""Prove that the rule-based planner is deterministic, and simple in the way it says."""

from __future__ import annotations

import orjson
import pytest

from harness.models.keyword import Keyword
from runtime.public import ChatRequest, JsonObject, JsonValue, ToolSet


def tool(name: str, description: str, properties: JsonObject, *required: str) -> JsonObject:
    """Define a tool."""
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": schema},
    }


TOOLS = ToolSet(
    (
        tool(
            "ticket_refund",
            "Pays money back.",
            {
                "ticket": {"type": "string", "pattern": "^t_"},
                "amount_cents": {"type": "integer"},
                "fast": {"type": "boolean"},
            },
            "ticket",
            "amount_cents",
        ),
        tool("ticket_reply", "Writes an answer.", {"body": {"type": "string"}}, "body"),
        tool("room_light", "Switches.", {"level": {"enum": ["low", "high"]}}),
        tool("ask_clarification", "Asks.", {}),
        tool("decline", "Says no.", {}),
    )
)


async def called(content: JsonValue, **options: str) -> tuple[str, JsonObject]:
    """Ask the planner and return its one call."""
    messages: tuple[JsonObject, ...] = (
        {"role": "system", "content": "refund refund"},
        {"role": "user", "content": content},
    )
    found = await Keyword().answer("m", ChatRequest(messages=messages, tools=TOOLS), options)
    (call,) = found.tool_calls
    return call.name, orjson.loads(call.arguments)


@pytest.mark.parametrize(
    ("said", "call"),
    [
        pytest.param(
            "Refund 20 on ticket t_100",
            ("ticket_refund", {"ticket": "t_100", "amount_cents": 20}),
            id="numbers and ids by type",
        ),
        pytest.param(
            "refunding 2.5 for ticket T_7",
            ("ticket_refund", {"ticket": "t_7", "amount_cents": 2.5}),
            id="stems, fractions, ids in capitals",
        ),
        pytest.param(
            'Reply to the ticket: "We are sorry"',
            ("ticket_reply", {"body": "We are sorry"}),
            id="quoted text",
        ),
        pytest.param(
            "room light to HIGH please", ("room_light", {"level": "high"}), id="enum value"
        ),
        pytest.param("room light", ("room_light", {}), id="optional input left out"),
        pytest.param(
            "Refund ticket t_100",
            (
                "ask_clarification",
                {"question": "Which amount cents?", "asks_for": ["amount_cents"]},
            ),
            id="a required number is missing",
        ),
        pytest.param(
            "Refund 5 on the ticket",
            ("ask_clarification", {"question": "Which ticket?", "asks_for": ["ticket"]}),
            id="a required id is missing",
        ),
        pytest.param(
            "Bake me a cake", ("decline", {"reason": "No tool matches the request."}), id="no tool"
        ),
        pytest.param(
            [{"type": "text", "text": "room light low"}, {"type": "image_url"}],
            ("room_light", {"level": "low"}),
            id="message with parts",
        ),
    ],
)
async def test_the_planner_matches_words(said: JsonValue, call: tuple[str, JsonObject]) -> None:
    """It sees the last message and the tools, and nothing else."""
    assert await called(said) == call


async def test_without_tools_it_declines() -> None:
    """There is nothing to choose from."""
    request = ChatRequest(messages=({"role": "user", "content": "x"},))

    assert (await Keyword().answer("m", request, {})).tool_calls[0].name == "decline"


async def test_the_same_message_gets_the_same_answer() -> None:
    """No chance is involved."""
    said = "Refund 20 on ticket t_100 and reply with light"

    assert len({str(await called(said)) for _ in range(20)}) == 1


async def test_options_are_refused() -> None:
    """There is nothing to choose."""
    with pytest.raises(ValueError, match="takes no options, got rate"):
        await called("x", rate="1")


async def test_an_input_that_may_be_nothing_is_filled_by_its_other_type() -> None:
    """A schema may name several types."""
    either: JsonObject = {"type": ["string", "null"], "pattern": "^a_"}
    tools = ToolSet((tool("ticket_assign", "Assigns to somebody.", {"agent": either}, "agent"),))
    messages: tuple[JsonObject, ...] = ({"role": "user", "content": "Assign the ticket to a_1"},)

    found = await Keyword().answer("m", ChatRequest(messages=messages, tools=tools), {})

    assert orjson.loads(found.tool_calls[0].arguments) == {"agent": "a_1"}
