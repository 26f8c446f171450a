"""Describe organizations, members, and what they may do in projects."""

from __future__ import annotations

import strawberry

from runtime.domain.member import Member as StoredMember
from runtime.domain.member import Membership as StoredMembership
from runtime.domain.organization import Organization as StoredOrganization
from runtime.entrypoints.graphql.call import Info
from runtime.entrypoints.graphql.fields import field
from runtime.entrypoints.graphql.loading import shown_of
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.nodes import Node
from runtime.entrypoints.graphql.scalars import Instant
from runtime.kit.json_value import JsonObject
from runtime.services.documents import (
    member_document,
    membership_document,
    organization_document,
)


@strawberry.type(description="A tenant; nothing in it changes while it is archived.")
class Organization(Node):
    """Describe an organization."""

    name: str
    created_at: Instant
    archived_at: Instant | None


@strawberry.type(description="A person or a service of an organization.")
class Member(Node):
    """Describe a member."""

    kind: str
    display_name: str
    email: str | None
    logs_in: bool
    organization_role: str
    created_at: Instant
    removed_at: Instant | None


@strawberry.type(description="What a member may do in a project.")
class Membership:
    """Describe a membership."""

    project: strawberry.ID
    member: strawberry.ID
    role: str
    extra_roles: list[str]
    mode: str
    created_at: Instant

    @field(description="Whose it is.")
    def of(self, info: Info) -> Member | None:
        """Return the member, loaded with the others of the request."""
        return member_of(info, self.member)


@strawberry.type(description="The member who asks.")
class CallerMember:
    """Describe the member behind a credential."""

    id: strawberry.ID
    kind: str
    display_name: str
    organization_role: str


@strawberry.type(description="The organization that is asked for.")
class CallerOrganization:
    """Describe the organization behind a credential."""

    id: strawberry.ID
    name: str
    created_at: Instant


@strawberry.type(description="The credential that the request brought.")
class CallerCredential:
    """Describe a credential."""

    id: strawberry.ID
    kind: str
    scopes: list[str]


@strawberry.type(description="Who acts, for whom, and with which credential.")
class Caller:
    """Describe a caller."""

    member: CallerMember
    organization: CallerOrganization
    credential: CallerCredential


def organization_shown(found: StoredOrganization) -> Organization:
    """Return an organization as it reads."""
    return made(Organization, organization_document(found), within="")


def member_shown(found: StoredMember) -> Member:
    """Return a member as they read."""
    return made(Member, member_document(found), within="")


def membership_shown(found: StoredMembership) -> Membership:
    """Return a membership as it reads."""
    return made(Membership, membership_document(found))


def caller_shown(document: JsonObject) -> Caller:
    """Return a caller as they read."""
    return Caller(
        member=made(CallerMember, document["member"]),
        organization=made(CallerOrganization, document["organization"]),
        credential=made(CallerCredential, document["credential"]),
    )


def member_of(info: Info, member_id: str) -> Member:
    """Return a member whom something names; all of a request are loaded together.

    Raises:
        NotAllowedError: the caller may not read members.
    """
    call = info.context
    return shown_of(call.members.get(call.place(member_id)), member_shown)
