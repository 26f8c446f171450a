"""Describe what members say to the agents of projects, and what these are told of them."""

from __future__ import annotations

import strawberry

from runtime.domain.conversation import Conversation as StoredConversation
from runtime.domain.fact import Fact as StoredFact
from runtime.domain.turn import Turn as StoredTurn
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.scalars import Instant, Json, Whole
from runtime.kit.json_value import JsonObject
from runtime.services.conversations.documents import (
    conversation_document,
    fact_document,
    turn_document,
)


@strawberry.type(description="What one member says to the agent of a project, turn by turn.")
class Conversation:
    """Describe a conversation."""

    id: strawberry.ID
    project: strawberry.ID
    owner: strawberry.ID
    title: str
    created_at: Instant
    turns: int


@strawberry.type(description="What was deleted, and how many turns there were in it.")
class ConversationGone:
    """Say what was deleted."""

    id: strawberry.ID
    turns: int


@strawberry.type(description="A file that came with a message; its bytes are not kept.")
class TurnAttachment:
    """Describe a file."""

    name: str
    mime: str
    size_bytes: Whole
    digest: str


@strawberry.type(description="What was wrong with the answer, or why there is none.")
class TurnProblem:
    """Describe a problem."""

    fault: str
    detail: str


@strawberry.type(description="How many tokens the model took.")
class TurnUsage:
    """Count tokens."""

    prompt: Whole
    completion: Whole
    cached: Whole


@strawberry.type(description="What was said and proposed; nothing is executed without consent.")
class Turn:
    """Describe a turn; texts that were erased are null."""

    id: strawberry.ID
    conversation: strawberry.ID
    number: Whole
    message: str | None
    attachments: list[TurnAttachment]
    status: str
    proposal: Json | None
    edited: bool
    problems: list[TurnProblem]
    dropped: list[str]
    model: str | None
    usage: TurnUsage
    cost_micros: Whole | None
    latency_ms: Whole
    state_version: Whole | None
    comparability: Json | None
    outcome: strawberry.ID | None
    feedback: Json | None
    created_at: Instant
    answered_at: Instant | None


@strawberry.type(description="Where a fact comes from.")
class Provenance:
    """Name a source."""

    source: str
    turn: strawberry.ID | None
    at: Instant


@strawberry.type(description="What the agent is told of the caller in each of their turns.")
class Fact:
    """Describe a fact of the caller's own."""

    key: str
    value: Json | None
    provenance: Provenance
    expires_at: Instant | None


@strawberry.type(description="What was deleted.")
class FactGone:
    """Name what was deleted."""

    key: str


@strawberry.type(description="A turn as a golden scenario of the harness.")
class Scenario:
    """Hold a scenario as a file, and the same as JSON."""

    filename: str
    yaml: str
    document: Json


def conversation_shown(found: StoredConversation) -> Conversation:
    """Return a conversation as it reads."""
    return made(Conversation, conversation_document(found))


def turn_shown(found: StoredTurn) -> Turn:
    """Return a turn as it reads."""
    return turn_told(turn_document(found))


def turn_told(document: JsonObject) -> Turn:
    """Return the turn that a document describes."""
    return made(
        Turn,
        document,
        attachments=[made(TurnAttachment, item) for item in document["attachments"]],
        problems=[made(TurnProblem, item) for item in document["problems"]],
        usage=made(TurnUsage, document["usage"]),
    )


def fact_shown(found: StoredFact) -> Fact:
    """Return a fact as it reads."""
    return fact_told(fact_document(found))


def fact_told(document: JsonObject) -> Fact:
    """Return the fact that a document describes."""
    return made(Fact, document, provenance=made(Provenance, document["provenance"]))
