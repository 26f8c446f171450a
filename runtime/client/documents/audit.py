"""Spell the documents of operations on audit, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

Readable: TypeAlias = Literal["readable", "erased", "altered"]
"""Say whether a record can be read: its key may be destroyed, or its leaf altered."""


class AnchorOut(TypedDict):
    """Say where a head is kept with the hashes of its leaves."""

    digest: str
    name: str
    sink: str
    version: str


class AuditKeyOut(TypedDict):
    """Show a key that signs heads."""

    begins_at: str
    endorsed_by: str | None
    endorsement: str | None
    key: str
    public_key: str


class AuditKeysOut(TypedDict):
    """List the keys that sign heads, the first one first."""

    items: list[AuditKeyOut]


class AuditRecordDetailOut(TypedDict):
    """Show a record with all that it takes to check it."""

    at: str
    document: dict[str, Any] | None
    hash: str
    header: dict[str, Any]
    id: str
    kind: str
    payload: str
    principal: str
    project: str | None
    proof: InclusionOut | None
    readable: Readable
    salt: str | None
    sequence: int


class AuditRecordOut(TypedDict):
    """Show a record of the log."""

    at: str
    document: dict[str, Any] | None
    hash: str
    id: str
    kind: str
    principal: str
    project: str | None
    readable: Readable
    sequence: int


class AuditSettingsIn(TypedDict):
    """Say what is demanded of audit records."""

    keep_days: int | None
    strict: bool


class AuditSettingsOut(TypedDict):
    """Show what is demanded of audit records."""

    keep_days: int | None
    strict: bool
    strict_since: str | None


class ConsistencyOut(TypedDict):
    """Prove that the log at one size begins with what it was at another (RFC 6962 §2.1.2)."""

    first: int
    first_head: SignedHeadOut | None
    path: list[str]
    second: int
    second_head: SignedHeadOut | None


class ErasureIn(TypedDict):
    """Say whose records nobody shall read again; `confirm` is the subject once more."""

    confirm: str
    subject: str


class ErasureOut(TypedDict):
    """Say how many keys were destroyed."""

    keys: int
    subject: str


class HoldIn(TypedDict):
    """Say what to hold."""

    name: str
    reason: str
    subject: NotRequired[str | None]


class HoldOut(TypedDict):
    """Show a hold: what it names stays readable until it is released."""

    created_at: str
    held_by: str
    id: str
    name: str
    reason: str
    released_at: str | None
    released_by: str | None
    subject: str | None


class InclusionOut(TypedDict):
    """Prove that a head covers a record (Source: RFC 6962 §2.1.1)."""

    head: SignedHeadOut
    index: int
    path: list[str]


class LatestHeadOut(TypedDict):
    """State the newest head, and where it is anchored."""

    anchors: list[AnchorOut]
    at: str
    key: str
    organization: str
    root: str
    signature: str
    size: int


class SignedHeadOut(TypedDict):
    """State how large the log is and what its root is, with a signature."""

    at: str
    key: str
    organization: str
    root: str
    signature: str
    size: int
