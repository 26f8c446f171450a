"""Spell the documents of operations on invitations, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from runtime.client.documents.kinds import OrganizationRole, ProjectRole


class AcceptanceIn(TypedDict):
    """Bring the text of an invitation, as the inviter handed it on."""

    invitation: str


class InvitationIn(TypedDict):
    """Say who is invited as what; `project_id` and `role` come together."""

    email: str
    expires_in_s: NotRequired[int]
    organization_role: NotRequired[OrganizationRole]
    project_id: NotRequired[str | None]
    role: NotRequired[ProjectRole | None]


class InvitationOut(TypedDict):
    """Describe an invitation; its text is told once, to whoever makes it."""

    accepted_at: str | None
    created_at: str
    created_by: str
    email: str
    expires_at: str
    id: str
    organization_role: OrganizationRole
    project: str | None
    revoked_at: str | None
    role: ProjectRole | None


class NewInvitationOut(TypedDict):
    """Describe a new invitation; `text` is null where a request is repeated."""

    accepted_at: str | None
    created_at: str
    created_by: str
    email: str
    expires_at: str
    id: str
    organization_role: OrganizationRole
    project: str | None
    revoked_at: str | None
    role: ProjectRole | None
    text: str | None
