"""Write what was said before for the next prompt, within bounds; pure.

What became of a plan stands beside it as canonical JSON, which text inside can't break out of.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from runtime.agent import prompt
from runtime.domain.proposal import Clarification, Decline, PlanProposal
from runtime.domain.turn import Turn, TurnStatus
from runtime.kit.canonical_json import canonical_text
from runtime.kit.json_value import JsonObject

MOST_TURNS: Final = 20
MOST_CHARS: Final = 24_000
_UNANSWERED: Final = frozenset({TurnStatus.ASKING, TurnStatus.FAILED})


def said_before(newest_first: Iterable[Turn]) -> tuple[prompt.Turn, ...]:
    """Return what a model is told of earlier turns, the oldest first.

    Turns are left out from the first that goes beyond the bounds, so that none stands without what
    was said right after it; those without an answer, or without texts, are left out alone.
    """
    chosen: list[tuple[prompt.Turn, prompt.Turn]] = []
    left = MOST_CHARS
    for turn in newest_first:
        pair = _pair(turn)
        if pair is None:
            continue
        left -= sum(len(part.text) for part in pair)
        if left < 0 or len(chosen) >= MOST_TURNS:
            break
        chosen.append(pair)
    return tuple(part for pair in reversed(chosen) for part in pair)


def _pair(turn: Turn) -> tuple[prompt.Turn, prompt.Turn] | None:
    answer = None if turn.status in _UNANSWERED else _answered(turn)
    if not turn.message or answer is None:
        return None
    return (
        prompt.Turn(speaker="user", text=turn.message),
        prompt.Turn(speaker="assistant", text=answer),
    )


def _answered(turn: Turn) -> str | None:
    proposal = turn.proposal
    if isinstance(proposal, Clarification):
        said = proposal.question
    elif isinstance(proposal, Decline):
        said = proposal.reason
    elif isinstance(proposal, PlanProposal):
        said = f"Proposed plan (data)\n{canonical_text(proposal.plan.document())}"
    else:
        return None
    feedback = turn.feedback or _waits(turn)
    if feedback is None:
        return said
    return f"{said}\nWhat became of it (data)\n{canonical_text(feedback)}"


def _waits(turn: Turn) -> JsonObject | None:
    """Say of a plan that nobody decided about yet that it did not happen."""
    waits = isinstance(turn.current, PlanProposal) and turn.status is TurnStatus.PROPOSED
    return {"status": "not executed"} if waits else None
