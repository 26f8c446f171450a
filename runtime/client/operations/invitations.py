"""Ask the operations on invitations of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.invitations import (
    AcceptanceIn,
    InvitationIn,
    InvitationOut,
    NewInvitationOut,
)
from runtime.client.documents.shared import MembersMemberOut
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Invitations:
    """Ask the operations on invitations."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(
        self, *, project_id: str | None = None, limit: int | None = None
    ) -> Iterator[InvitationOut]:
        """Return invitations, whatever became of them; admins of a project name it."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("invitations"),
                query={"project_id": project_id, "limit": limit or PAGE},
            )
        )

    def create(
        self, *, idempotency_key: str | None = None, **body: Unpack[InvitationIn]
    ) -> NewInvitationOut:
        """Invite somebody; the text in the answer is for you to hand on, and is shown this once."""
        answer: NewInvitationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("invitations"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def revoke(self, invitation_id: str, *, idempotency_key: str | None = None) -> InvitationOut:
        """Take an invitation back that was not accepted yet."""
        answer: InvitationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("invitations", invitation_id, verb="revoke"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def accept(
        self, *, idempotency_key: str | None = None, **body: Unpack[AcceptanceIn]
    ) -> MembersMemberOut:
        """Become the member that a text invites, by a bearer token of one's identity provider."""
        answer: MembersMemberOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("invitations", verb="accept"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer
