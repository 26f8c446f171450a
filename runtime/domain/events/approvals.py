"""Describe events of requests for approval."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import (
    ApprovalId,
    DigestText,
    EventData,
    EventType,
    Instant,
    MemberId,
    OutcomeId,
    ProjectId,
    example_id,
)
from runtime.kit.json_value import JsonObject

_DIGEST: Final = f"sha256:{'9f' * 32}"
_ASKED: Final[JsonObject] = {
    "approval": example_id("apr"),
    "plan_digest": _DIGEST,
    "outcome": example_id("out"),
    "principal": example_id("mem"),
    "project": example_id("prj"),
}
_VOTED: Final[JsonObject] = {
    "approval": example_id("apr"),
    "plan_digest": _DIGEST,
    "requester": example_id("mem"),
}


class PeopleNeeded(EventData):
    """Say how many people have to grant it."""

    count: Annotated[int, Field(ge=1)]
    role: Annotated[
        str | None, Field(description="Of which role; null: who administers the project.")
    ]


class ApprovalRequested(EventData):
    """Say that a plan waits for the approval of others."""

    approval: ApprovalId
    plan_digest: DigestText
    needs: tuple[PeopleNeeded, ...]
    expires_at: Instant
    outcome: OutcomeId
    principal: MemberId
    project: ProjectId


class ApprovalUsed(EventData):
    """Say that a plan was executed on an approval, which is good for nothing else."""

    approval: ApprovalId
    plan_digest: DigestText
    counted: Annotated[tuple[str, ...], Field(description="Ids of the members that it rests on.")]
    overridden: Annotated[bool, Field(description="Whether approval was put aside.")]
    outcome: OutcomeId
    principal: MemberId
    project: ProjectId


class ApprovalGranted(EventData):
    """Say that one person said yes."""

    approval: ApprovalId
    plan_digest: DigestText
    requester: MemberId
    reason: Annotated[str, Field(description="In their own words.")]
    enough: Annotated[bool, Field(description="Whether the plan may be executed now.")]


class ApprovalEnded(EventData):
    """Say that a request can't be granted any more."""

    approval: ApprovalId
    plan_digest: DigestText
    requester: MemberId
    reason: Annotated[str, Field(description="In their own words.")]


class ApprovalOverridden(EventData):
    """Say that somebody put approval aside; it takes two of them."""

    approval: ApprovalId
    plan_digest: DigestText
    requester: MemberId
    reason: Annotated[str, Field(description="In their own words.")]
    by: Annotated[tuple[str, ...], Field(description="Ids of the members who did so by now.")]
    until: Annotated[
        Instant | None, Field(description="Until when the plan may be executed; null: not yet.")
    ]


class ApprovalExpired(EventData):
    """Say that the time of a request was over before it was used."""

    approval: ApprovalId
    plan_digest: DigestText
    requester: MemberId
    expired_at: Instant
    granted: Annotated[bool, Field(description="Whether enough people had granted it.")]
    project: ProjectId


TYPES: Final = (
    EventType(
        name="approval.requested",
        tells="A plan waits for the approval of other people.",
        data=ApprovalRequested,
        example={
            **_ASKED,
            "needs": [{"count": 1, "role": "finance"}],
            "expires_at": "2026-01-02T00:00:00+00:00",
        },
    ),
    EventType(
        name="approval.granted",
        tells="A person granted a request for approval; `enough` says whether that suffices.",
        data=ApprovalGranted,
        example={**_VOTED, "reason": "checked with the customer", "enough": True},
    ),
    EventType(
        name="approval.denied",
        tells="A person refused a request for approval, which ends it.",
        data=ApprovalEnded,
        example={**_VOTED, "reason": "the amount is wrong"},
    ),
    EventType(
        name="approval.withdrawn",
        tells="Who asked for approval took the request back.",
        data=ApprovalEnded,
        example={**_VOTED, "reason": "taken back"},
    ),
    EventType(
        name="approval.overridden",
        tells="Somebody who may put approval aside did so.",
        data=ApprovalOverridden,
        example={
            **_VOTED,
            "reason": "the plant is on fire",
            "by": [example_id("mem")],
            "until": None,
        },
    ),
    EventType(
        name="approval.used",
        tells="A plan was executed on an approval, which is used up by it.",
        data=ApprovalUsed,
        example={**_ASKED, "counted": [example_id("mem")], "overridden": False},
    ),
    EventType(
        name="approval.expired",
        tells="The time of a request for approval was over before it was used.",
        data=ApprovalExpired,
        example={
            **_VOTED,
            "expired_at": "2026-01-02T00:00:00Z",
            "granted": False,
            "project": example_id("prj"),
        },
    ),
)
