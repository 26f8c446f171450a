"""Describe the tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OrganizationRole(StrEnum):
    """Say what a member is in the organization; an owner has every right in each project."""

    OWNER = "owner"
    MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """Describe one tenant.

    Attributes:
        id: `org_` and 26 letters.
        archived_at: since when nothing in it may change.
    """

    id: str
    name: str
    created_at: datetime
    archived_at: datetime | None = None
