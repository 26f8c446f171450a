"""Audit records that can't be kept as they have to be."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class AuditUnavailableError(DomainError):
    """No immutable copy of what would be recorded, where the organization demands one."""

    code = "audit_unavailable"

    def __init__(self, *, reason: str) -> None:
        """Say in words why there is no copy."""
        self.reason = reason
        super().__init__(
            "the organization demands an immutable copy of each audit record, and none can be "
            f"made: {reason}; nothing was done, try again later"
        )


class LeafUnreadableError(DomainError):
    """A leaf of the log that the key which it names does not open, or that holds something else."""

    code = "audit_leaf_unreadable"

    def __init__(self, *, record: str, key: str) -> None:
        """Name the record and the key."""
        self.record = record
        self.key = key
        super().__init__(
            f"the payload of audit record {record} can't be opened with subject key {key}, or is "
            "not what the leaf commits to: it was altered; verify an export of the log"
        )


class AuditKeyBrokenError(DomainError):
    """A stored key of a subject that no key of the server opens: it can neither seal nor read."""

    code = "audit_key_broken"

    def __init__(self, *, key: str) -> None:
        """Name the key."""
        self.key = key
        super().__init__(
            f"the key {key} of audit records does not open: a key of the server is gone; add it to "
            "PLANGATE_SEALING_KEYS again, behind the newest"
        )
