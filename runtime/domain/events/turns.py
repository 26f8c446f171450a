"""Describe events of turns: that there is a proposal, and never what anybody wrote."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from runtime.domain.event_type import EventData, EventType, MemberId, example_id


class TurnProposed(EventData):
    """Say that the agent answered a member."""

    turn: Annotated[str, Field(description="The turn.", examples=[example_id("trn")])]
    conversation: Annotated[str, Field(description="Its place.", examples=[example_id("cnv")])]
    owner: MemberId
    number: Annotated[int, Field(description="Its place in the conversation, from 1.")]
    kind: Annotated[
        Literal["plan", "clarification", "decline"], Field(description="What it came to.")
    ]
    steps: Annotated[int, Field(description="Of a plan; 0 otherwise.")]
    model: Annotated[str, Field(description="Who answered.")]
    state_version: Annotated[int, Field(description="Of the state that the model was shown.")]


TYPES: Final = (
    EventType(
        name="turn.proposed",
        tells="The agent answered a member with a plan, a question or a decline.",
        data=TurnProposed,
        example={
            "turn": example_id("trn"),
            "conversation": example_id("cnv"),
            "owner": example_id("mem"),
            "number": 1,
            "kind": "plan",
            "steps": 2,
            "model": "gpt-4o-mini",
            "state_version": 7,
        },
    ),
)
