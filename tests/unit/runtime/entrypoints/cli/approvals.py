"""Build requests for approval as the API answers them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, cast

from runtime.client.documents.approvals import ListedApprovalOut, VotedApprovalOut
from runtime.entrypoints.cli.client import Document

NOW: Final = datetime(2026, 1, 5, 12, tzinfo=UTC)
APPROVAL: Final = "apr_01KDVDNA000000000000000000"
DIGEST: Final = "sha256:5ee"


def a_request(**changes: object) -> Document:
    """Return a request that waits for two people."""
    asked: Document = {
        "id": APPROVAL,
        "project": "prj_1",
        "status": "pending",
        "requester": "mem_1",
        "plan_digest": DIGEST,
        "plan": {"steps": [a_step(value=3, why="b\x1b[2J")]},
        "policy_revision": "sha256:a1e5",
        "state_version": 4,
        "needs": [{"count": 2, "role": None}],
        "outcome": "out_1",
        "created_at": "2026-01-05T11:00:00Z",
        "expires_at": "2026-01-06T11:00:00Z",
        "ended_at": None,
        "used_by": None,
    }
    return asked | changes


def a_line(**changes: object) -> ListedApprovalOut:
    """Return a request as one of a list."""
    return cast("ListedApprovalOut", a_request(grants=0, overriders=0) | changes)


def a_voted_request(**changes: object) -> VotedApprovalOut:
    """Return a request with what was said to it: nothing yet."""
    whole = a_request(votes=[], overrides=[], overridden_until=None) | changes
    return cast("VotedApprovalOut", whole)


def a_step(action: str = "counter.set@1", **inputs: object) -> Document:
    """Return a step of a plan."""
    return {"action": action, "inputs": inputs}


def a_vote(member: str = "mem_2", *, at: str = "2026-01-05T11:30:00Z") -> Document:
    """Return somebody's yes."""
    return {"member": member, "kind": "grant", "reason": "as agreed", "cast_at": at}


def a_call(member: str = "mem_3", *, at: str = "2026-01-05T11:50:00Z") -> Document:
    """Return somebody's call to put approval aside."""
    return {"member": member, "reason": "fire", "cast_at": at}
