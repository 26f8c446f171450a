"""Hold what is asked of models, what is heard meanwhile, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from runtime.agent.planner import Proposed
from runtime.agent.prompt import Briefing, Conversation
from runtime.domain.state import State
from runtime.kit.json_value import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Hold one message with all that a model is told of it.

    Attributes:
        organization_id: who pays.
        project_id: whose state it is about.
        member_id: who asks.
        briefing: what all messages of the member share.
        conversation: the message, and what was said before.
        state: the project's.
        facts: what is remembered for the member.
        registry_digest: of the actions on offer; evaluations are of one registry.
        prompt: version and digest of the instructions, as evaluations name them.
        turn_id: by which it is charged, once.
    """

    organization_id: str
    project_id: str
    member_id: str
    briefing: Briefing
    conversation: Conversation
    state: State
    facts: JsonObject
    registry_digest: str
    prompt: str
    turn_id: str


Stage: TypeAlias = Literal["asking", "repairing", "falling_back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressNote:
    """Say what goes out: the first request to a model, one that repairs, or one to another model.

    Attributes:
        model: without its options.
        attempt: which request of the turn it is, from 1.
    """

    stage: Stage
    model: str
    attempt: int


Progress: TypeAlias = Callable[[ProgressNote], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Hold what came of a question.

    Attributes:
        proposed: usage and cost are those of the whole turn, whichever models were asked.
        reference: the identity of the model that answered, as gates name it and all may read it.
    """

    proposed: Proposed
    reference: str


Heard: TypeAlias = Callable[[Asked], None]
