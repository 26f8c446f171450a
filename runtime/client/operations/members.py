"""Ask the operations on members of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.members import RoleIn, ServiceIn
from runtime.client.documents.shared import MembersMemberOut
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Members:
    """Ask the operations on members."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(self, *, limit: int | None = None) -> Iterator[MembersMemberOut]:
        """Return the members of the organization, without those who were removed."""
        return self._transport.pages(
            Request(method="GET", path=path_of("members"), query={"limit": limit or PAGE})
        )

    def create(
        self, *, idempotency_key: str | None = None, **body: Unpack[ServiceIn]
    ) -> MembersMemberOut:
        """Add a service, which acts by tokens and confirms nothing."""
        answer: MembersMemberOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("members"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def read(self, member_id: str) -> MembersMemberOut:
        """Return a member, who may have been removed."""
        answer: MembersMemberOut = self._transport.ask(
            Request(method="GET", path=path_of("members", member_id))
        )
        return answer

    def change(
        self, member_id: str, *, idempotency_key: str | None = None, **body: Unpack[RoleIn]
    ) -> MembersMemberOut:
        """Give a member another role in the organization; there is always an owner."""
        answer: MembersMemberOut = self._transport.ask(
            Request(
                method="PATCH",
                path=path_of("members", member_id),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def remove(self, member_id: str, *, idempotency_key: str | None = None) -> MembersMemberOut:
        """Remove a member, with their roles and tokens; what they did stays on record."""
        answer: MembersMemberOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("members", member_id, verb="remove"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer
