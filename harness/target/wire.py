"""Spell a scenario as the body of a request, and read what a platform answers.

The answer comes from a machine that is not ours: every number and length is bounded, every type
is checked, and what is more than expected is left out.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.prepared import PreparedScenario
from runtime.public import (
    Attachment,
    JsonObject,
    ParseFault,
    ParseProblem,
    Proposal,
    Proposed,
    Situation,
    TokenUsage,
)

MOST_TOKENS: Final = 1_000_000_000  # so that sums over a run stay numbers that JSON lines hold
MOST_MICROS: Final = 1_000_000_000_000
MOST_CALLS: Final = 10_000
MOST_STEPS: Final = 1_000
LONGEST_S: Final = 1_000_000.0
LONGEST_TEXT: Final = 100_000
MOST_ENVIRONMENTS: Final = 10_000
SHOWN_PROBLEMS: Final = 3

Count = Annotated[int, Field(ge=0, le=MOST_CALLS)]
Tokens = Annotated[int, Field(ge=0, le=MOST_TOKENS)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Digest = Annotated[str, Field(min_length=1, max_length=200)]


class UnreadableAnswerError(ValueError):
    """An answer that is not what the platform's API says."""


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Comparability(_Wire):
    """Hold what decides which runs may be compared."""

    registry: Digest
    prompt: Digest
    plugin: Digest
    policy: Digest


class Listed(_Wire):
    """Hold one environment of a platform."""

    id: Digest
    comparability: Comparability


class _Listing(_Wire):
    items: Annotated[tuple[Listed, ...], Field(max_length=MOST_ENVIRONMENTS)]


class _Problem(_Wire):
    fault: ParseFault
    detail: Text


class _Usage(_Wire):
    prompt: Tokens
    completion: Tokens
    cached: Tokens


class _Answer(_Wire):
    proposal: Proposal | None
    problems: Annotated[tuple[_Problem, ...], Field(max_length=MOST_CALLS)]
    dropped: Annotated[tuple[Text, ...], Field(max_length=MOST_CALLS)]
    calls: Count
    repairs: Count
    retries: Count
    usage: _Usage
    cost_micros: Annotated[int, Field(ge=0, le=MOST_MICROS)] | None
    model: Annotated[str, Field(min_length=1, max_length=500)]
    latency_s: Annotated[float, Field(ge=0, le=LONGEST_S, allow_inf_nan=False)]
    answer: Text
    comparability: Comparability


class _Refusal(_Wire):
    code: Annotated[str, Field(max_length=100)] = ""
    detail: Text = ""


def body_of(prepared: PreparedScenario, *, seed: int) -> bytes:
    """Spell what a scenario gives as the body of an evaluation."""
    conversation = prepared.conversation
    return orjson.dumps(
        {
            "conversation": {
                "message": conversation.message,
                "history": [
                    {"speaker": turn.speaker, "text": turn.text} for turn in conversation.history
                ],
                "attachments": [_attachment(item) for item in conversation.attachments],
            },
            "situation": _situation(prepared.situation),
            "actions": list(prepared.scenario.given.actions),
            "seed": seed,
        }
    )


def read_answer(body: bytes) -> tuple[Proposed, Comparability]:
    """Read a proposal and what it was made with.

    Raises:
        UnreadableAnswerError: it is none.
    """
    try:
        answer = _Answer.model_validate_json(body)
    except ValidationError as error:
        raise UnreadableAnswerError(_named(error)) from None
    proposal = answer.proposal
    if proposal is not None and proposal.kind == "plan" and len(proposal.plan.steps) > MOST_STEPS:
        found = len(proposal.plan.steps)
        raise UnreadableAnswerError(f"a plan of {found} steps, expected at most {MOST_STEPS}")
    usage = answer.usage
    proposed = Proposed(
        proposal=proposal,
        problems=tuple(
            ParseProblem(fault=item.fault, detail=item.detail) for item in answer.problems
        ),
        dropped=answer.dropped,
        calls=answer.calls,
        repairs=answer.repairs,
        retries=answer.retries,
        usage=TokenUsage(prompt=usage.prompt, completion=usage.completion, cached=usage.cached),
        cost_micros=answer.cost_micros,
        model=answer.model,
        latency_s=answer.latency_s,
        answer=answer.answer,
    )
    return proposed, answer.comparability


def read_listing(body: bytes) -> dict[str, Comparability]:
    """Read the environments of a platform.

    Raises:
        UnreadableAnswerError: it is no list of them.
    """
    try:
        listing = _Listing.model_validate_json(body)
    except ValidationError as error:
        raise UnreadableAnswerError(_named(error)) from None
    return {item.id: item.comparability for item in listing.items}


def read_refusal(body: bytes) -> str:
    """Return what a refusal says, as far as it can be read."""
    try:
        refusal = _Refusal.model_validate_json(body)
    except ValidationError:
        return body[:200].decode(errors="replace")
    return f"{refusal.code}: {refusal.detail}" if refusal.code else refusal.detail


def _attachment(item: Attachment) -> JsonObject:
    return {"name": item.name, "mime": item.mime, "base64": b64encode(item.data).decode()}


def _situation(situation: Situation) -> JsonObject:
    who = situation.principal
    return {
        "state": situation.state.components,
        "facts": situation.facts,
        "principal": {"id": who.id, "roles": list(who.roles), "grant": who.grant.value},
        "limits": situation.limits.model_dump(mode="json"),
        "usage": situation.usage.document(),
        "consent": {"confirm": situation.confirms, "approve": situation.approves},
        "now": situation.now.isoformat(),
    }


def _named(error: ValidationError) -> str:
    """Name the first places that don't fit, without their values."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    places = [
        f"{'.'.join(map(str, item['loc'])) or 'the body'}: {item['msg']}"
        for item in found[:SHOWN_PROBLEMS]
    ]
    return "; ".join(places)[:500]
