"""Logs of audit records that can't be signed as they are."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class AuditLogBrokenError(DomainError):
    """A log that does not go on from what was signed of it, or has lost some of its hashes."""

    code = "audit_log_broken"

    def __init__(self, *, organization: str, found: str) -> None:
        """Name the organization, and what is wrong with its log."""
        self.organization = organization
        self.found = found
        super().__init__(
            f"the audit log of {organization} is not what was signed: {found}; nothing more of it "
            "is signed; compare an export with the anchors in the sinks"
        )


class AuditKeyRefusedError(DomainError):
    """Keys that sign heads, which do not go on from the one that signed last."""

    code = "audit_key_refused"

    def __init__(self, *, found: str) -> None:
        """Say which key is missing or too old, by its public id."""
        self.found = found
        super().__init__(f"the keys in PLANGATE_AUDIT_KEYS can't sign audit logs: {found}")
