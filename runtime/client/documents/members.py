"""Spell the documents of operations on members, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Literal, TypedDict

from runtime.client.documents.kinds import OrganizationRole


class RoleIn(TypedDict):
    """Say what a member is in the organization from now on."""

    organization_role: OrganizationRole


class ServiceIn(TypedDict):
    """Say how a new service is called; people are invited."""

    display_name: str
    kind: Literal["service"]
