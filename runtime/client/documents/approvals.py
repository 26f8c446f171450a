"""Spell the documents of operations on approvals, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

from runtime.client.documents.shared import PlanIn

ApprovalStatus: TypeAlias = Literal["pending", "granted", "denied", "withdrawn", "used", "expired"]
"""Say what became of a request; those that can still be used are pending or granted."""

VoteKind: TypeAlias = Literal["grant", "deny", "override"]
"""Tell a yes from a no, and from putting the yes of others aside."""


class BallotIn(TypedDict):
    """Vote on a plan."""

    plan_digest: str
    reason: str


class ListedApprovalOut(TypedDict):
    """Describe a request as one of many."""

    created_at: str
    ended_at: str | None
    expires_at: str
    grants: int
    id: str
    needs: list[NeedOut]
    outcome: str
    overriders: int
    plan: PlanIn
    plan_digest: str
    policy_revision: str
    project: str
    requester: str
    state_version: int
    status: ApprovalStatus
    used_by: str | None


class NeedOut(TypedDict):
    """Ask for as many people of a role; null for those who administer the project."""

    count: int
    role: str | None


class OverrideOut(TypedDict):
    """Say who put the approval of others aside."""

    cast_at: str
    member: str
    reason: str


class VoteOut(TypedDict):
    """Say what one person said."""

    cast_at: str
    kind: VoteKind
    member: str
    reason: str


class VotedApprovalOut(TypedDict):
    """Describe a request with the votes on it."""

    created_at: str
    ended_at: str | None
    expires_at: str
    id: str
    needs: list[NeedOut]
    outcome: str
    overridden_until: str | None
    overrides: list[OverrideOut]
    plan: PlanIn
    plan_digest: str
    policy_revision: str
    project: str
    requester: str
    state_version: int
    status: ApprovalStatus
    used_by: str | None
    votes: list[VoteOut]
