"""Spell the documents of operations on state, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, TypedDict

from runtime.client.documents.shared import VersionRef

Cause: TypeAlias = Literal["created", "executed", "reverted"]
"""Say why there is a new version of a state."""


class DifferenceOut(TypedDict):
    """Lead from one version to another by RFC 6902 operations."""

    after: int
    before: int
    diff: list[dict[str, Any]]


class ReversionIn(TypedDict):
    """Ask to go back to a version."""

    version: int


class ReversionOut(TypedDict):
    """Say what a reversion did; the state of `reverted_to` is a new version now."""

    after: VersionRef
    before: VersionRef
    created_at: str
    id: str
    principal: str
    project: str
    reverted_to: int


class SnapshotOut(TypedDict):
    """Describe one version of the state, and how it differs from the one before."""

    cause: Cause
    created_at: str
    diff: list[dict[str, Any]]
    digest: str
    outcome: str | None
    principal: str
    version: int


class StateOut(TypedDict):
    """Show a state; `ETag` names its version."""

    components: dict[str, Any]
    digest: str
    version: int


class VerifiedOut(TypedDict):
    """Say that the history leads to the state that stands."""

    digest: str
    versions: int
