"""Spell the documents of operations on projects, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from runtime.client.documents.shared import Limits, LimitUseOut


class ProjectChangeIn(TypedDict):
    """Say what changes; what is left out, or null, stays. Limits are replaced as a whole."""

    limits: NotRequired[Limits | None]
    name: NotRequired[str | None]


class ProjectIn(TypedDict):
    """Say how a new project is called and which environment it lives in."""

    environment: str
    limits: NotRequired[Limits | None]
    name: str


class ProjectOut(TypedDict):
    """Describe a project; nothing in it changes while it is archived."""

    archived_at: str | None
    created_at: str
    created_by: str
    environment: str
    id: str
    limits: Limits
    name: str
    purge_began_at: str | None


class ProjectUseOut(TypedDict):
    """Describe what a project has used."""

    as_of: str
    day: str
    day_zone: str
    limits: list[LimitUseOut]
    open: bool
    opens_at: str | None


class PurgeIn(TypedDict):
    """Confirm a purge by the project's exact name."""

    confirm: str


class PurgedOut(TypedDict):
    """Say whether a project is gone, and what it was: its history, and its last state's digest."""

    digest: str
    outcomes: int
    project: str
    purged: bool
    remaining: int
    versions: int
