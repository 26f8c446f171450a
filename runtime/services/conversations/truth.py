"""Say what turns are in truth, should a process have ended between two of its commits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.conversation import FREED_AFTER
from runtime.domain.turn import (
    INTERRUPTED,
    SURELY_TRIED,
    Turn,
    TurnProblem,
    TurnStatus,
    status_after,
)
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.store.outcomes import outcomes_named


async def as_they_are(
    connection: AsyncConnection, turns: Iterable[Turn], *, project_id: str, now: datetime
) -> tuple[Turn, ...]:
    """Return turns with what storage knows of executions whose end was never noted.

    A turn whose answer never came is a failed one once its conversation is free again.
    """
    known = tuple(turns)
    tried = [turn.trying for turn in known if turn.trying is not None]
    found: dict[str, JsonObject] = {}
    if tried:
        outcomes = await outcomes_named(connection, project_id=project_id, ids=tried)
        found = {item.id: parse(item.document) for item in outcomes}
    return tuple(_as_it_is(turn, found, now=now) for turn in known)


def settled(turn: Turn, outcome_id: str, outcome: JsonObject) -> Turn:
    """Return a turn whose plan has an outcome, whatever was noted of it before."""
    status, refusal = status_after(outcome)
    return replace(
        turn,
        status=status,
        refusal=refusal,
        reason=None,
        outcome_id=outcome_id,
        trying=None,
        tried_at=None,
    )


def _as_it_is(turn: Turn, found: dict[str, JsonObject], *, now: datetime) -> Turn:
    if turn.status is TurnStatus.ASKING and turn.created_at + FREED_AFTER < now:
        return interrupted(turn, now=now)
    if turn.trying is None or turn.tried_at is None:
        return turn
    outcome = found.get(turn.trying)
    if outcome is not None:
        return settled(turn, turn.trying, outcome)
    if turn.tried_at + SURELY_TRIED < now:
        return replace(turn, trying=None, tried_at=None)
    return turn


def interrupted(turn: Turn, *, now: datetime) -> Turn:
    """Return a turn that nobody answers any more."""
    problem = TurnProblem(
        fault=INTERRUPTED, detail="whoever answered ended before the answer was there; ask again"
    )
    return replace(turn, status=TurnStatus.FAILED, problems=(problem,), answered_at=now)
