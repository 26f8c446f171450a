"""Ask the operations on approvals of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.approvals import (
    ApprovalStatus,
    BallotIn,
    ListedApprovalOut,
    VotedApprovalOut,
)
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Approvals:
    """Ask the operations on approvals."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(
        self, project_id: str, *, status: ApprovalStatus | None = None, limit: int | None = None
    ) -> Iterator[ListedApprovalOut]:
        """Return the requests of a project, the oldest first, with how many said what to each."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "approvals"),
                query={"status": status, "limit": limit or PAGE},
            )
        )

    def read(self, project_id: str, approval_id: str) -> VotedApprovalOut:
        """Return a request with the votes on it."""
        answer: VotedApprovalOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "approvals", approval_id))
        )
        return answer

    def deny(
        self,
        project_id: str,
        approval_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[BallotIn],
    ) -> VotedApprovalOut:
        """Say no to a plan; one no ends the request."""
        answer: VotedApprovalOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "approvals", approval_id, verb="deny"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def grant(
        self,
        project_id: str,
        approval_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[BallotIn],
    ) -> VotedApprovalOut:
        """Say yes to a plan that somebody else wants to execute."""
        answer: VotedApprovalOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "approvals", approval_id, verb="grant"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def override(
        self,
        project_id: str,
        approval_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[BallotIn],
    ) -> VotedApprovalOut:
        """Put the approval of others aside, in an emergency."""
        answer: VotedApprovalOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "approvals", approval_id, verb="override"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def withdraw(
        self, project_id: str, approval_id: str, *, idempotency_key: str | None = None
    ) -> VotedApprovalOut:
        """Take your own request back."""
        answer: VotedApprovalOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "approvals", approval_id, verb="withdraw"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer
