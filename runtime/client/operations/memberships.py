"""Ask the operations on memberships of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.memberships import MembershipIn, MembershipOut
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Memberships:
    """Ask the operations on memberships."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(self, project_id: str, *, limit: int | None = None) -> Iterator[MembershipOut]:
        """Return who has a role in a project; owners of the organization need none."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "members"),
                query={"limit": limit or PAGE},
            )
        )

    def delete(
        self, project_id: str, member_id: str, *, idempotency_key: str | None = None
    ) -> MembershipOut:
        """Take a member's role in a project away, and return what it was."""
        answer: MembershipOut = self._transport.ask(
            Request(
                method="DELETE",
                path=path_of("projects", project_id, "members", member_id),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def put(
        self,
        project_id: str,
        member_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[MembershipIn],
    ) -> MembershipOut:
        """Let a member be in a project what the body says, whatever they were before."""
        answer: MembershipOut = self._transport.ask(
            Request(
                method="PUT",
                path=path_of("projects", project_id, "members", member_id),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer
