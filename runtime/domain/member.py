"""Describe who belongs to an organization, and what they may do in a project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode


class MemberKind(StrEnum):
    """Tell people, who may confirm, from services, which may not."""

    PERSON = "person"
    SERVICE = "service"


class ProjectRole(StrEnum):
    """Say what a member is in a project."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Describe one person or service of an organization.

    Attributes:
        id: `mem_` and 26 letters.
        issuer: who vouches for the person at login; None until they have logged in.
        subject: their name there.
        removed_at: since when they are no member any more.
    """

    id: str
    organization_id: str
    kind: MemberKind
    display_name: str
    organization_role: OrganizationRole
    created_at: datetime
    email: str | None = None
    issuer: str | None = None
    subject: str | None = None
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Say what a member may do in one project.

    Attributes:
        extra_roles: roles that actions of the environment name, beside the one of the platform.
        mode: how much one plan of theirs may do.
    """

    project_id: str
    member_id: str
    role: ProjectRole
    extra_roles: tuple[str, ...]
    mode: Mode
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Offer membership to whoever logs in with an address, once, until it expires."""

    id: str
    email: str
    organization_role: OrganizationRole
    project_id: str | None
    role: ProjectRole | None
    created_at: datetime
    created_by: str
    expires_at: datetime
    accepted_at: datetime | None = None
    revoked_at: datetime | None = None
