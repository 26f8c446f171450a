"""Spell the documents of operations on proposals, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from runtime.client.documents.kinds import Mode
from runtime.client.documents.shared import (
    Clarification,
    ComparabilityOut,
    Decline,
    Limits,
    PlanProposal,
    UsageOut,
)

ParseFault: TypeAlias = Literal[
    "empty",
    "refused",
    "no_call",
    "too_many_calls",
    "arguments_not_json",
    "arguments_not_object",
    "malformed",
    "mixed",
    "unknown_action",
    "inputs_invalid",
    "truncated",
]
"""Say why an answer is not a proposal, or what is wrong with the proposal that it is."""


class AttachmentIn(TypedDict):
    """Attach a file; `base64` holds its bytes."""

    base64: str
    mime: str
    name: str


class ConsentIn(TypedDict):
    """Say whether the requester would confirm, and colleagues would approve."""

    approve: NotRequired[bool]
    confirm: NotRequired[bool]


class ConversationIn(TypedDict):
    """Say what was said."""

    attachments: NotRequired[list[AttachmentIn]]
    history: NotRequired[list[TurnIn]]
    message: str


class ParseProblemOut(TypedDict):
    """Explain what was wrong with the model's last answer."""

    detail: str
    fault: ParseFault


class ProposalIn(TypedDict):
    """Ask for a proposal."""

    actions: NotRequired[list[str]]
    conversation: ConversationIn
    seed: NotRequired[int]
    situation: NotRequired[SituationIn]


class ProposalOut(TypedDict):
    """Repeat what the agent came to, what it cost, and what it was asked with."""

    answer: str
    calls: int
    comparability: ComparabilityOut
    cost_micros: int | None
    dropped: list[str]
    latency_s: float
    model: str
    problems: list[ParseProblemOut]
    proposal: PlanProposal | Clarification | Decline | None
    repairs: int
    retries: int
    usage: UsageOut


class SituationIn(TypedDict):
    """Describe the moment; what is left out is the environment's own."""

    consent: NotRequired[ConsentIn]
    facts: NotRequired[dict[str, Any]]
    limits: NotRequired[Limits | None]
    now: NotRequired[str]
    principal: NotRequired[StandInIn | None]
    state: NotRequired[dict[str, Any] | None]
    usage: NotRequired[Usage]


class StandInIn(TypedDict):
    """Describe who asks in the sandbox; it is nobody, and may do nothing outside of it."""

    grant: Mode
    id: str
    roles: list[str]


class TurnIn(TypedDict):
    """Repeat one earlier message."""

    speaker: Literal["user", "assistant"]
    text: str


class Usage(TypedDict):
    """Count what was used already, in the spans and scopes that `Limits` bounds."""

    as_of: NotRequired[str | None]
    done: NotRequired[dict[str, int]]
    done_by_action: NotRequired[dict[str, int]]
    last_hour: NotRequired[int]
    last_minute: NotRequired[int]
    spent: NotRequired[dict[str, int]]
    spent_by_action: NotRequired[dict[str, int]]
