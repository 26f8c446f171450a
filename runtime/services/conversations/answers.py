"""Turn what came of asking into a turn: what it says, and as much of it as is kept; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from runtime.agent.parse import NOT_OFFERED, ParseFault
from runtime.agent.planner import Proposed
from runtime.agent.tools import ToolBook
from runtime.domain.errors import DomainError
from runtime.domain.model_use import Keeps, ModelUse
from runtime.domain.proposal import Clarification, Decline, PlanProposal, Proposal
from runtime.domain.turn import (
    MOST_MESSAGE,
    MOST_REASON,
    Comparability,
    Spent,
    Turn,
    TurnProblem,
    TurnStatus,
)
from runtime.kit.plain_text import MOST_NAME_LETTERS
from runtime.services.models.questions import Asked

MOST_CHOICES: Final = 10
MOST_PROBLEMS: Final = 20
MOST_DETAIL: Final = 1_000

Kept = Callable[[str], str]
"""Return of a text what may be stored: all, some, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Say what a model was shown beside the message.

    Attributes:
        registry: digest of the declarations.
        prompt: version and digest of the instructions.
        plugin: who declares the environment.
        state_version: of the state.
    """

    book: ToolBook
    registry: str
    prompt: str
    plugin: str
    state_version: int


def answered(turn: Turn, asked: Asked, *, shown: Shown, now: datetime) -> Turn:
    """Return a turn with its answer; one without a proposal has failed."""
    proposed = asked.proposed
    proposal = _usable(proposed, shown.book)
    return replace(
        turn,
        status=TurnStatus.FAILED if proposal is None else TurnStatus.PROPOSED,
        proposal=proposal,
        problems=tuple(
            TurnProblem(fault=item.fault.value, detail=_whole(item.detail)[:MOST_DETAIL])
            for item in proposed.problems[:MOST_PROBLEMS]
        ),
        dropped=tuple(map(_whole, proposed.dropped[:MOST_PROBLEMS])),
        spent=Spent(
            prompt=proposed.usage.prompt,
            completion=proposed.usage.completion,
            cached=proposed.usage.cached,
            cost_micros=proposed.cost_micros,
            latency_ms=round(proposed.latency_s * 1000),
        ),
        state_version=shown.state_version,
        comparability=Comparability(
            registry=shown.registry,
            prompt=shown.prompt,
            plugin=shown.plugin,
            model=asked.reference,
        ),
        answered_at=now,
    )


def failed(turn: Turn, error: DomainError, *, now: datetime) -> Turn:
    """Return a turn whose question nobody answered."""
    problem = TurnProblem(fault=error.code, detail=_whole(str(error))[:MOST_DETAIL])
    return replace(turn, status=TurnStatus.FAILED, problems=(problem,), answered_at=now)


def as_kept(turn: Turn, kept: Kept) -> Turn:
    """Return a turn as it is stored.

    A plan is kept whole, however little else is: it waits for consent, and its outcome says as
    much. It goes with the other texts when their time has come. What is taken out of a text may
    leave a longer one behind: each is cut to the bound that it had before.
    """
    return replace(
        turn,
        message=kept(turn.message or "")[:MOST_MESSAGE] or None,
        attachments=tuple(
            replace(note, name=kept(note.name)[:MOST_NAME_LETTERS]) for note in turn.attachments
        ),
        proposal=_kept_proposal(turn.proposal, kept),
        problems=tuple(
            replace(item, detail=kept(item.detail)[:MOST_DETAIL]) for item in turn.problems
        ),
        dropped=tuple(text for text in map(kept, turn.dropped) if text),
        reason=kept_reason(turn.reason or "", kept),
    )


def kept_reason(reason: str, kept: Kept) -> str | None:
    """Return what is stored of why somebody said no."""
    return kept(reason)[:MOST_REASON] or None


def kept_of(keeps: Keeps, kept: Callable[[str, ModelUse], str]) -> Kept:
    """Return what keeps of a text what was in force when it came."""
    use = ModelUse(keeps=keeps)
    return lambda text: kept(text, use)


def _usable(proposed: Proposed, book: ToolBook) -> Proposal | None:
    """Return a proposal; a plan with an action that nobody offered becomes a question."""
    proposal = proposed.proposal
    if not isinstance(proposal, PlanProposal):
        return proposal
    if not any(item.fault is ParseFault.UNKNOWN_ACTION for item in proposed.problems):
        return proposal
    unknown = [
        step.action.removeprefix(NOT_OFFERED)
        for step in proposal.plan.steps
        if step.action.startswith(NOT_OFFERED)
    ]
    named = ", ".join(f"'{name}'" for name in dict.fromkeys(unknown))
    return Clarification(
        question=f"I can't do {named[:500]} here. Which of the things that I can do do you mean?",
        asks_for=("action",),
        choices=tuple(action.title for action in book.actions.values())[:MOST_CHOICES],
    )


def _kept_proposal(proposal: Proposal | None, kept: Kept) -> Proposal | None:
    if isinstance(proposal, Clarification):
        return _kept_question(proposal, kept)
    if isinstance(proposal, Decline):
        reason = kept(proposal.reason)
        return Decline(reason=reason) if reason else None
    return proposal


def _kept_question(asked: Clarification, kept: Kept) -> Clarification | None:
    question = kept(asked.question)
    if not question:
        return None
    return Clarification(
        question=question,
        asks_for=tuple(map(kept, asked.asks_for)),
        choices=tuple(map(kept, asked.choices)),
    )


def _whole(text: str) -> str:
    """Replace half characters and NUL, which no database keeps."""
    return text.encode(errors="replace").decode().replace("\0", "?")
