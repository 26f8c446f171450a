"""Spell the documents of operations on memberships, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from runtime.client.documents.kinds import Mode, ProjectRole


class MembershipIn(TypedDict):
    """Say what a member may do in the project, in full: what is left out is taken away."""

    extra_roles: NotRequired[list[str]]
    mode: NotRequired[Mode]
    role: ProjectRole


class MembershipOut(TypedDict):
    """Describe what a member may do in a project."""

    created_at: str
    extra_roles: list[str]
    member: str
    mode: Mode
    project: str
    role: ProjectRole
