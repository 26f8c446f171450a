"""Spell conversations, turns and facts as callers read them."""

from __future__ import annotations

from datetime import datetime

from runtime.domain.conversation import Conversation
from runtime.domain.fact import Fact
from runtime.domain.turn import Turn
from runtime.kit.json_value import JsonObject
from runtime.services.documents import spelled_instant


def conversation_document(conversation: Conversation) -> JsonObject:
    """Spell a conversation, without what was said in it."""
    return {
        "id": conversation.id,
        "project": conversation.project_id,
        "owner": conversation.owner_id,
        "title": conversation.title,
        "created_at": spelled_instant(conversation.created_at),
        "turns": conversation.turns,
    }


def turn_document(turn: Turn) -> JsonObject:
    """Spell a turn; texts that were erased, or are not kept, are null or left out."""
    proposal, spent, comparability = turn.current, turn.spent, turn.comparability
    return {
        "id": turn.id,
        "conversation": turn.conversation_id,
        "number": turn.number,
        "message": turn.message,
        "attachments": [note.document() for note in turn.attachments],
        "status": turn.status.value,
        "proposal": None if proposal is None else proposal.model_dump(mode="json"),
        "edited": turn.plan is not None,
        "problems": [problem.document() for problem in turn.problems],
        "dropped": list(turn.dropped),
        "model": None if comparability is None else comparability.model,
        "usage": {
            "prompt": spent.prompt,
            "completion": spent.completion,
            "cached": spent.cached,
        },
        "cost_micros": spent.cost_micros,
        "latency_ms": spent.latency_ms,
        "state_version": turn.state_version,
        "comparability": None if comparability is None else comparability.document(),
        "outcome": turn.outcome_id,
        "feedback": turn.feedback,
        "created_at": spelled_instant(turn.created_at),
        "answered_at": _spelled_or_none(turn.answered_at),
    }


def fact_document(fact: Fact) -> JsonObject:
    """Spell a fact with where it comes from."""
    return {
        "key": fact.key,
        "value": fact.value,
        "provenance": {
            "source": fact.source.value,
            "turn": fact.turn_id,
            "at": spelled_instant(fact.set_at),
        },
        "expires_at": _spelled_or_none(fact.expires_at),
    }


def _spelled_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else spelled_instant(instant)
