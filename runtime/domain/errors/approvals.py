"""Approvals that can't be given as they were asked for."""

from __future__ import annotations

from runtime.domain.errors.base import DomainError


class ApprovalMismatchError(DomainError):
    """A vote that names another plan than the one that the request is about."""

    code = "approval_mismatch"

    def __init__(self, *, approval: str, expected: str, found: str) -> None:
        """Say which plan the request is about, and which one the vote named."""
        self.approval = approval
        super().__init__(
            f"approval '{approval[:80]}' is about the plan {expected}, the vote names "
            f"'{found[:80]}'; read the approval and vote on what it shows"
        )
