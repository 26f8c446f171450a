"""Describe where one state lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runtime.domain.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Describe one project.

    Attributes:
        id: `prj_` and 26 letters.
        organization_id: whose it is.
        environment: the environment of an installed plugin that declares its actions.
        limits: what it allows.
        archived_at: since when nothing in it may change.
        purge_began_at: since when its history is being deleted; then it can only be purged.
    """

    id: str
    organization_id: str
    name: str
    environment: str
    limits: Limits
    created_at: datetime
    created_by: str
    archived_at: datetime | None = None
    purge_began_at: datetime | None = None
