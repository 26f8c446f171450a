"""Spell the documents of operations on me, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import TypedDict

from runtime.client.documents.kinds import CredentialKind, MemberKind, OrganizationRole, Scope


class CallerOut(TypedDict):
    """Describe who acts, for whom, and with which credential."""

    credential: CredentialOut
    member: CallerOutMemberOut
    organization: CallerOutOrganizationOut


class CallerOutMemberOut(TypedDict):
    """Describe the member."""

    display_name: str
    id: str
    kind: MemberKind
    organization_role: OrganizationRole


class CallerOutOrganizationOut(TypedDict):
    """Describe the organization."""

    created_at: str
    id: str
    name: str


class CredentialOut(TypedDict):
    """Describe the credential."""

    id: str
    kind: CredentialKind
    scopes: list[Scope]
