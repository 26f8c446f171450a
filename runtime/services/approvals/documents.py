"""Spell requests for approval as callers read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from runtime.domain.approval_request import Approval, Tally, Vote, overridden_until
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.documents import spelled_instant


def approval_document(approval: Approval, *, now: datetime) -> JsonObject:
    """Spell a request without the votes on it."""
    ended_at = approval.ended_at
    return {
        "id": approval.id,
        "project": approval.project_id,
        "status": approval.status_at(now).value,
        "requester": approval.requester,
        "plan_digest": approval.plan_digest,
        "plan": parse(approval.plan),
        "policy_revision": approval.policy_revision,
        "state_version": approval.state_version,
        "needs": [{"count": need.count, "role": need.role} for need in approval.needs],
        "outcome": approval.outcome_id,
        "created_at": spelled_instant(approval.created_at),
        "expires_at": spelled_instant(approval.expires_at),
        "ended_at": None if ended_at is None else spelled_instant(ended_at),
        "used_by": approval.used_by,
    }


def listed_document(approval: Approval, *, tally: Tally, now: datetime) -> JsonObject:
    """Spell a request as one of many: with how many said what to it."""
    return {
        **approval_document(approval, now=now),
        "grants": tally.grants,
        "overriders": tally.overrides,
    }


def voted_document(
    approval: Approval, votes: Iterable[Vote], *, overrides: Sequence[Vote], now: datetime
) -> JsonObject:
    """Spell a request with the votes on it, and who put them aside."""
    until = overridden_until(overrides)
    return {
        **approval_document(approval, now=now),
        "votes": [
            {
                "member": vote.member_id,
                "kind": vote.kind.value,
                "reason": vote.reason,
                "cast_at": spelled_instant(vote.cast_at),
            }
            for vote in votes
        ],
        "overrides": [
            {
                "member": call.member_id,
                "reason": call.reason,
                "cast_at": spelled_instant(call.cast_at),
            }
            for call in overrides
        ],
        "overridden_until": None if until is None else spelled_instant(until),
    }
