"""Spell the nouns of tenancy as callers read them: now, in a replay, and in every list.

No document holds a secret or a hash.
"""

from __future__ import annotations

from datetime import datetime

from runtime.domain.member import Invitation, Member, Membership
from runtime.domain.organization import Organization
from runtime.domain.project import Project
from runtime.kit.json_value import JsonObject


def organization_document(organization: Organization) -> JsonObject:
    """Spell an organization."""
    return {
        "id": organization.id,
        "name": organization.name,
        "created_at": spelled_instant(organization.created_at),
        "archived_at": _spelled_or_none(organization.archived_at),
    }


def project_document(project: Project) -> JsonObject:
    """Spell a project."""
    return {
        "id": project.id,
        "name": project.name,
        "environment": project.environment,
        "limits": project.limits.model_dump(mode="json"),
        "created_at": spelled_instant(project.created_at),
        "created_by": project.created_by,
        "archived_at": _spelled_or_none(project.archived_at),
        "purge_began_at": _spelled_or_none(project.purge_began_at),
    }


def member_document(member: Member) -> JsonObject:
    """Spell a member; that they log in is told, as whom is not."""
    return {
        "id": member.id,
        "kind": member.kind.value,
        "display_name": member.display_name,
        "email": member.email,
        "logs_in": member.issuer is not None,
        "organization_role": member.organization_role.value,
        "created_at": spelled_instant(member.created_at),
        "removed_at": _spelled_or_none(member.removed_at),
    }


def membership_document(membership: Membership) -> JsonObject:
    """Spell a membership."""
    return {
        "project": membership.project_id,
        "member": membership.member_id,
        "role": membership.role.value,
        "extra_roles": list(membership.extra_roles),
        "mode": membership.mode.value,
        "created_at": spelled_instant(membership.created_at),
    }


def invitation_document(invitation: Invitation) -> JsonObject:
    """Spell an invitation, without the text that proves it."""
    return {
        "id": invitation.id,
        "email": invitation.email,
        "organization_role": invitation.organization_role.value,
        "project": invitation.project_id,
        "role": None if invitation.role is None else invitation.role.value,
        "created_at": spelled_instant(invitation.created_at),
        "created_by": invitation.created_by,
        "expires_at": spelled_instant(invitation.expires_at),
        "accepted_at": _spelled_or_none(invitation.accepted_at),
        "revoked_at": _spelled_or_none(invitation.revoked_at),
    }


def spelled_instant(instant: datetime) -> str:
    """Spell an instant that is in UTC (Source: RFC 3339)."""
    return instant.isoformat().replace("+00:00", "Z")


def _spelled_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else spelled_instant(instant)
