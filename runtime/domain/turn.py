"""Describe turns: a message to the agent, what was proposed, and what became of it.

What a plan may do is never decided here: a turn holds a document that waits for consent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from runtime.domain.model_use import Keeps
from runtime.domain.plan import Plan
from runtime.domain.principal import Mode
from runtime.domain.proposal import PlanProposal, Proposal
from runtime.kit.ids import ENTROPY_BYTES, new_id, parse_id
from runtime.kit.json_value import JsonObject, JsonValue

TURN_PREFIX: Final = "trn"
MOST_MESSAGE: Final = 20_000
MOST_ATTACHMENTS: Final = 10
MOST_ATTACHED_BYTES: Final = 20_000_000
"""Of all files of one turn together."""
MOST_REASON: Final = 1_000
SURELY_TRIED: Final = timedelta(seconds=120)
"""After which an execution that has no outcome never took place: it waits for its turn, and for the
commit, far less long."""
INTERRUPTED: Final = "interrupted"
"""The fault of a turn whose process ended before its answer came."""


class TurnStatus(StrEnum):
    """Say what became of a turn.

    ASKING: its answer is not there yet. PROPOSED: it waits for the person. FAILED: there is no
    proposal. EXECUTED: its plan changed something, or ran without a refusal. REFUSED: its plan was
    tried, and changed nothing; it may be tried again. REJECTED: the person said no.
    """

    ASKING = "asking"
    PROPOSED = "proposed"
    FAILED = "failed"
    EXECUTED = "executed"
    REJECTED = "rejected"
    REFUSED = "refused"


OPEN: Final = frozenset({TurnStatus.PROPOSED, TurnStatus.REFUSED})
"""What a person may still decide about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentNote:
    """Remember that a file came with a message; its bytes are not kept."""

    name: str
    mime: str
    size_bytes: int
    digest: str

    def document(self) -> JsonObject:
        """Spell it."""
        return {
            "name": self.name,
            "mime": self.mime,
            "size_bytes": self.size_bytes,
            "digest": self.digest,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnProblem:
    """Say what was wrong with an answer, or why there is none.

    Attributes:
        fault: a stable code.
    """

    fault: str
    detail: str

    def document(self) -> JsonObject:
        """Spell it."""
        return {"fault": self.fault, "detail": self.detail}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparability:
    """Say with what a model was asked; only equal ones compare."""

    registry: str
    prompt: str
    plugin: str
    model: str

    def document(self) -> JsonObject:
        """Spell it."""
        return {
            "registry": self.registry,
            "prompt": self.prompt,
            "plugin": self.plugin,
            "model": self.model,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Count what an answer took.

    Attributes:
        prompt: tokens of what was asked, of which `cached` were known to the provider.
        completion: tokens of what was answered.
        cost_micros: millionths of a US dollar; None where no price is known.
    """

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    cost_micros: int | None = None
    latency_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Describe a turn.

    Attributes:
        id: `trn_` and 26 letters.
        number: its place in the conversation, from 1.
        mode: below which the member's own grant was held; None: not at all.
        message: None once it was erased, or where nothing is kept of it.
        proposal: what the model said; a person's own plan is `plan`.
        plan: by what a person replaced the model's plan.
        dropped: authority that the model wrote, and that nobody read.
        outcome_id: what came of its plan.
        trying: the id under which an execution was begun whose end is not noted yet.
        tried_at: when it was begun.
        tries: how many executions were begun.
        refusal: the code of the outcome's refusal.
        reason: why the person said no.
        keeps: what is kept of its texts.
        erase_at: when its texts are erased.
        erased_at: when they were.
    """

    id: str
    conversation_id: str
    number: int
    status: TurnStatus
    created_at: datetime
    message: str | None = None
    mode: Mode | None = None
    attachments: tuple[AttachmentNote, ...] = ()
    proposal: Proposal | None = None
    plan: Plan | None = None
    problems: tuple[TurnProblem, ...] = ()
    dropped: tuple[str, ...] = ()
    spent: Spent = Spent()
    state_version: int | None = None
    comparability: Comparability | None = None
    outcome_id: str | None = None
    trying: str | None = None
    tried_at: datetime | None = None
    tries: int = 0
    refusal: str | None = None
    reason: str | None = None
    answered_at: datetime | None = None
    keeps: Keeps = Keeps.NOTHING
    erase_at: datetime | None = None
    erased_at: datetime | None = None

    @property
    def current(self) -> Proposal | None:
        """Return what waits for consent: the person's own plan before the model's."""
        if self.plan is not None:
            return PlanProposal(plan=self.plan)
        return self.proposal

    @property
    def feedback(self) -> JsonObject | None:
        """Say what became of the plan, as the next prompt is told; None of what is still open."""
        told: dict[str, JsonValue] = {}
        if self.status in {TurnStatus.EXECUTED, TurnStatus.REFUSED, TurnStatus.REJECTED}:
            told["status"] = self.status.value
        if self.refusal is not None:
            told["refusal"] = self.refusal
        if self.reason is not None:
            told["reason"] = self.reason
        if self.plan is not None:
            told["replaced_by"] = self.plan.document()
        return told or None


def turn_outcome_id(turn_id: str, *, attempt: int) -> str:
    """Return the id of the outcome of a turn's execution; storage never keeps two of one id.

    Args:
        turn_id: `trn_` and 26 letters.
        attempt: which execution of it, from 1.

    Raises:
        ValueError: it is no turn's id.

    >>> turn_outcome_id("trn_01KDVDNA000000000000000000", attempt=1)[:14]
    'out_01KDVDNA00'
    """
    turn = parse_id(turn_id, TURN_PREFIX)
    entropy = hashlib.sha256(f"{turn_id} {attempt}".encode()).digest()[:ENTROPY_BYTES]
    return new_id("out", now_ms=turn.created_ms, entropy=entropy)


def status_after(outcome: Mapping[str, JsonValue]) -> tuple[TurnStatus, str | None]:
    """Return what a turn is once its plan has an outcome, and the code of the first refusal.

    Args:
        outcome: as it is stored, with `status`, `steps`, `refusal`, `before` and `after`.
    """
    parts = (outcome, *outcome["steps"])
    codes = [part["refusal"]["code"] for part in parts if part["refusal"] is not None]
    nothing_done = outcome["before"]["version"] == outcome["after"]["version"]
    undone = outcome["status"] != "done" and nothing_done
    return (TurnStatus.REFUSED if undone else TurnStatus.EXECUTED), next(iter(codes), None)
