"""Describe events of members, of their roles in projects, and of invitations."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from runtime.domain.event_type import (
    EventData,
    EventType,
    Instant,
    InvitationId,
    MemberId,
    ProjectId,
    Reach,
    example_id,
)
from runtime.domain.member import MemberKind, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.kit.json_value import JsonObject

_TAKEN_BACK: Final = "Ids of invitations that ended with the right to make them."
_MEMBERSHIP: Final[JsonObject] = {
    "project": example_id("prj"),
    "member": example_id("mem"),
    "role": "operator",
    "extra_roles": ["finance"],
    "mode": "assisted",
    "created_at": "2026-01-01T00:00:00Z",
    "invitations_taken_back": [],
}


class MemberCreated(EventData):
    """Say that an organization has another member."""

    member: MemberId
    kind: MemberKind


class MemberRoleChanged(EventData):
    """Say that a member is another thing in the organization."""

    member: MemberId
    role: OrganizationRole
    role_before: OrganizationRole
    invitations_taken_back: Annotated[tuple[str, ...], Field(description=_TAKEN_BACK)]


class MemberRemoved(EventData):
    """Say that somebody is no member any more."""

    member: MemberId
    role: Annotated[OrganizationRole, Field(description="What they were.")]
    projects: Annotated[tuple[str, ...], Field(description="Ids of those that they were in.")]
    tokens_revoked: Annotated[int, Field(ge=0)]
    invitations_revoked: Annotated[int, Field(ge=0)]
    invitations_taken_back: Annotated[tuple[str, ...], Field(description=_TAKEN_BACK)]


class MemberLinked(EventData):
    """Say that a member logs in by an identity provider from now on."""

    member: MemberId
    issuer: Annotated[str, Field(description="The identity provider.")]


class MembershipWithdrawn(EventData):
    """Say that a member is nothing in a project any more, and what they were."""

    project: ProjectId
    member: MemberId
    role: ProjectRole
    extra_roles: tuple[str, ...]
    mode: Mode
    created_at: Instant
    invitations_taken_back: Annotated[tuple[str, ...], Field(description=_TAKEN_BACK)]


class MembershipGranted(MembershipWithdrawn):
    """Say what a member is in a project."""

    role_before: Annotated[ProjectRole | None, Field(description="Null: nothing.")]


class InvitationCreated(EventData):
    """Say that somebody is invited."""

    invitation: InvitationId
    organization_role: OrganizationRole
    project: ProjectId | None
    role: ProjectRole | None
    expires_at: Instant


class InvitationAccepted(EventData):
    """Say that somebody took an invitation."""

    invitation: InvitationId
    member: MemberId
    organization_role: OrganizationRole
    project: ProjectId | None
    role: ProjectRole | None


class InvitationRevoked(EventData):
    """Say that an invitation was taken back."""

    invitation: InvitationId


TYPES: Final = (
    EventType(
        name="member.created",
        tells="An organization has a new member.",
        data=MemberCreated,
        reach=Reach.ORGANIZATION,
        example={"member": example_id("mem"), "kind": "service"},
    ),
    EventType(
        name="member.role_changed",
        tells="A member got another role in the organization.",
        data=MemberRoleChanged,
        reach=Reach.ORGANIZATION,
        example={
            "member": example_id("mem"),
            "role": "owner",
            "role_before": "member",
            "invitations_taken_back": [],
        },
    ),
    EventType(
        name="member.removed",
        tells="A member was removed, with their roles in projects and their tokens.",
        data=MemberRemoved,
        reach=Reach.ORGANIZATION,
        example={
            "member": example_id("mem"),
            "role": "member",
            "projects": [example_id("prj")],
            "tokens_revoked": 1,
            "invitations_revoked": 0,
            "invitations_taken_back": [],
        },
    ),
    EventType(
        name="member.linked",
        tells="A member was bound to a login of an identity provider.",
        data=MemberLinked,
        reach=Reach.ORGANIZATION,
        example={"member": example_id("mem"), "issuer": "https://login.example.com"},
    ),
    EventType(
        name="membership.granted",
        tells="A member got a role in a project.",
        data=MembershipGranted,
        example={**_MEMBERSHIP, "role_before": None},
    ),
    EventType(
        name="membership.withdrawn",
        tells="A member lost their role in a project.",
        data=MembershipWithdrawn,
        example=_MEMBERSHIP,
    ),
    EventType(
        name="invitation.created",
        tells="Somebody was invited to the organization, or to one of its projects.",
        data=InvitationCreated,
        reach=Reach.EITHER,
        example={
            "invitation": example_id("inv"),
            "organization_role": "member",
            "project": example_id("prj"),
            "role": "viewer",
            "expires_at": "2026-01-08T00:00:00Z",
        },
    ),
    EventType(
        name="invitation.accepted",
        tells="Somebody who was invited is a member now.",
        data=InvitationAccepted,
        reach=Reach.EITHER,
        example={
            "invitation": example_id("inv"),
            "member": example_id("mem"),
            "organization_role": "member",
            "project": None,
            "role": None,
        },
    ),
    EventType(
        name="invitation.revoked",
        tells="An invitation was taken back.",
        data=InvitationRevoked,
        reach=Reach.EITHER,
        example={"invitation": example_id("inv")},
    ),
)
