"""Ask the operations on organizations of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.organizations import (
    NewOrganizationOut,
    OrganizationIn,
    OrganizationLimits,
    OrganizationLimitsOut,
    OrganizationsOrganizationOut,
    OrganizationUseOut,
    ProjectRollUpOut,
    RenamingIn,
)
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Organizations:
    """Ask the operations on organizations."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(self, *, limit: int | None = None) -> Iterator[OrganizationsOrganizationOut]:
        """Return the organization of the credential, which is the only one that it opens."""
        return self._transport.pages(
            Request(method="GET", path=path_of("organizations"), query={"limit": limit or PAGE})
        )

    def create(
        self, *, idempotency_key: str | None = None, **body: Unpack[OrganizationIn]
    ) -> NewOrganizationOut:
        """Make an organization; takes the platform's own credential."""
        answer: NewOrganizationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def read(self, organization_id: str) -> OrganizationsOrganizationOut:
        """Return an organization."""
        answer: OrganizationsOrganizationOut = self._transport.ask(
            Request(method="GET", path=path_of("organizations", organization_id))
        )
        return answer

    def rename(
        self,
        organization_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[RenamingIn],
    ) -> OrganizationsOrganizationOut:
        """Give an organization another name."""
        answer: OrganizationsOrganizationOut = self._transport.ask(
            Request(
                method="PATCH",
                path=path_of("organizations", organization_id),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def read_limits(self, organization_id: str) -> OrganizationLimitsOut:
        """Return what the organization's projects may use together."""
        answer: OrganizationLimitsOut = self._transport.ask(
            Request(method="GET", path=path_of("organizations", organization_id, "limits"))
        )
        return answer

    def replace_limits(
        self,
        organization_id: str,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        **body: Unpack[OrganizationLimits],
    ) -> OrganizationLimitsOut:
        """Let other limits hold from now on; takes an owner, and replaces all of them."""
        answer: OrganizationLimitsOut = self._transport.ask(
            Request(
                method="PUT",
                path=path_of("organizations", organization_id, "limits"),
                key=idempotency_key or fresh_key(),
                body=body,
                headers={"If-Match": if_match},
            )
        )
        return answer

    def read_usage(self, organization_id: str) -> OrganizationUseOut:
        """Return what the projects have used together of what they share."""
        answer: OrganizationUseOut = self._transport.ask(
            Request(method="GET", path=path_of("organizations", organization_id, "usage"))
        )
        return answer

    def list_project_usages(
        self, organization_id: str, *, limit: int | None = None
    ) -> Iterator[ProjectRollUpOut]:
        """Return what each project that you may see has used of its own limits."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("organizations", organization_id, "usage", verb="projects"),
                query={"limit": limit or PAGE},
            )
        )

    def archive(
        self, organization_id: str, *, idempotency_key: str | None = None
    ) -> OrganizationsOrganizationOut:
        """Let nothing in an organization change from now on; all of it stays readable."""
        answer: OrganizationsOrganizationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations", organization_id, verb="archive"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def restore(
        self, organization_id: str, *, idempotency_key: str | None = None
    ) -> OrganizationsOrganizationOut:
        """Let an archived organization change again."""
        answer: OrganizationsOrganizationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations", organization_id, verb="restore"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer
