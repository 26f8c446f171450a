"""Spell the documents of operations on conversations, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from runtime.client.documents.kinds import Mode
from runtime.client.documents.shared import Clarification, Decline, PlanIn, PlanProposal, UsageOut

FactSource: TypeAlias = Literal["person", "turn", "import"]
"""Say who a fact comes from: the person, one of their turns, or a service that brought it."""

TurnStatus: TypeAlias = Literal["asking", "proposed", "failed", "executed", "rejected", "refused"]
"""Say what became of a turn."""


class AttachmentOut(TypedDict):
    """Describe a file that came with a message; its bytes are not kept."""

    digest: str
    mime: str
    name: str
    size_bytes: int


class ConsentGivenIn(TypedDict):
    """Say what else there is to say of a plan that is executed, as of any other plan."""

    approval: NotRequired[str | None]
    atomic: NotRequired[bool]
    confirm: NotRequired[str | None]


class ConversationGoneOut(TypedDict):
    """Say what was deleted."""

    id: str
    turns: int


class ConversationNewIn(TypedDict):
    """Begin a conversation."""

    title: NotRequired[str | None]


class ConversationOut(TypedDict):
    """Describe a conversation."""

    created_at: str
    id: str
    owner: str
    project: str
    title: str
    turns: int


class FactGoneOut(TypedDict):
    """Name what was deleted."""

    key: str


class FactIn(TypedDict):
    """Say what is to be remembered."""

    ttl_s: NotRequired[int | None]
    turn: NotRequired[str | None]
    value: Any


class FactOut(TypedDict):
    """Describe a fact of the caller's own."""

    expires_at: str | None
    key: str
    provenance: ProvenanceOut
    value: Any


class FileIn(TypedDict):
    """Attach a file; `base64` holds its bytes, of which none are kept."""

    base64: str
    mime: str
    name: str


class MessageIn(TypedDict):
    """Say something to the agent."""

    attachments: NotRequired[list[FileIn]]
    message: str
    mode: NotRequired[Mode | None]


class ProvenanceOut(TypedDict):
    """Say where a fact comes from."""

    at: str
    source: FactSource
    turn: str | None


class ScenarioOut(TypedDict):
    """Hold a golden scenario of the harness."""

    document: dict[str, Any]
    filename: str
    yaml: str


class TurnComparabilityOut(TypedDict):
    """Say with what the model was asked; only equal ones compare."""

    model: str
    plugin: str
    prompt: str
    registry: str


class TurnEditIn(TypedDict):
    """Put a plan in the place of the one that was proposed."""

    plan: PlanIn


class TurnOut(TypedDict):
    """Describe a turn."""

    answered_at: str | None
    attachments: list[AttachmentOut]
    comparability: TurnComparabilityOut | None
    conversation: str
    cost_micros: int | None
    created_at: str
    dropped: list[str]
    edited: bool
    feedback: dict[str, Any] | None
    id: str
    latency_ms: int
    message: str | None
    model: str | None
    number: int
    outcome: str | None
    problems: list[TurnProblemOut]
    proposal: PlanProposal | Clarification | Decline | None
    state_version: int | None
    status: TurnStatus
    usage: UsageOut


class TurnProblemOut(TypedDict):
    """Say what was wrong with the answer, or why there is none."""

    detail: str
    fault: str


class TurnRejectIn(TypedDict):
    """Say no, and why; the next prompt is told."""

    reason: NotRequired[str]
