"""Ask the operations on policies of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.policies import (
    DecisionOut,
    PolicyActivationOut,
    PolicyActiveOut,
    PolicyCheckOut,
    PolicyIn,
    PolicyModulesIn,
    PolicyOut,
    PolicyReasonIn,
    PolicySimulationIn,
    PolicySimulationOut,
    PolicyUploadedOut,
    PolicyVersionOut,
    VerificationIn,
    VerificationOut,
)
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Policies:
    """Ask the operations on policies."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def read_discovery(self) -> bytes:
        """Return a signed part of OPA's configuration: a bundle for each organization."""
        return self._transport.read(Request(method="GET", path=path_of("bundles", "discovery")))

    def read_bundle(self, organization_id: str) -> bytes:
        """Return a signed bundle of an organization's rules."""
        return self._transport.read(Request(method="GET", path=path_of("bundles", organization_id)))

    def list_organization_policies(
        self, organization_id: str, *, limit: int | None = None
    ) -> Iterator[PolicyVersionOut]:
        """Return the versions, the newest first, without their modules."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("organizations", organization_id, "policies"),
                query={"limit": limit or PAGE},
            )
        )

    def upload_organization_policy(
        self, organization_id: str, *, idempotency_key: str | None = None, **body: Unpack[PolicyIn]
    ) -> PolicyUploadedOut:
        """Keep modules as the next version for all projects."""
        answer: PolicyUploadedOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations", organization_id, "policies"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def read_organization_policy(self, organization_id: str, version: str) -> PolicyOut:
        """Return a version with its modules."""
        answer: PolicyOut = self._transport.ask(
            Request(
                method="GET", path=path_of("organizations", organization_id, "policies", version)
            )
        )
        return answer

    def activate_organization_policy(
        self,
        organization_id: str,
        version: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[PolicyReasonIn],
    ) -> PolicyActivationOut:
        """Let a version hold from now on, a new one or an earlier one; it is tried again before."""
        answer: PolicyActivationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of(
                    "organizations", organization_id, "policies", version, verb="activate"
                ),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def list_organization_policy_activations(
        self, organization_id: str, *, limit: int | None = None
    ) -> Iterator[PolicyActivationOut]:
        """Return which version began to hold when, the newest first."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("organizations", organization_id, "policies", verb="activations"),
                query={"limit": limit or PAGE},
            )
        )

    def read_active_organization_policy(self, organization_id: str) -> PolicyActiveOut:
        """Return which version holds, and since when."""
        answer: PolicyActiveOut = self._transport.ask(
            Request(
                method="GET",
                path=path_of("organizations", organization_id, "policies", verb="active"),
            )
        )
        return answer

    def check_organization_policy(
        self,
        organization_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[PolicyModulesIn],
    ) -> PolicyCheckOut:
        """Try modules as an upload would, and keep nothing; a key changes nothing about that."""
        answer: PolicyCheckOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations", organization_id, "policies", verb="check"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def deactivate_organization_policy(
        self,
        organization_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[PolicyReasonIn],
    ) -> PolicyActivationOut:
        """Let no version hold any more; those of projects stay."""
        answer: PolicyActivationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations", organization_id, "policies", verb="deactivate"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def read_decision(self, project_id: str, decision_id: str) -> DecisionOut:
        """Return a decision: which rules were asked what, and what they answered."""
        answer: DecisionOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "decisions", decision_id))
        )
        return answer

    def verify_decisions(
        self, project_id: str, *, idempotency_key: str | None = None, **body: Unpack[VerificationIn]
    ) -> VerificationOut:
        """Ask a project's newest decisions again under the rules that made them."""
        answer: VerificationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "decisions", verb="verify"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def list_project_policies(
        self, project_id: str, *, limit: int | None = None
    ) -> Iterator[PolicyVersionOut]:
        """Return the versions, the newest first, without their modules."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "policies"),
                query={"limit": limit or PAGE},
            )
        )

    def upload_project_policy(
        self, project_id: str, *, idempotency_key: str | None = None, **body: Unpack[PolicyIn]
    ) -> PolicyUploadedOut:
        """Keep modules as the next version of a project's, if they compile and pass their tests."""
        answer: PolicyUploadedOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "policies"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def read_project_policy(self, project_id: str, version: str) -> PolicyOut:
        """Return a version with its modules."""
        answer: PolicyOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "policies", version))
        )
        return answer

    def activate_project_policy(
        self,
        project_id: str,
        version: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[PolicyReasonIn],
    ) -> PolicyActivationOut:
        """Let a version hold from now on, a new one or an earlier one; it is tried again before."""
        answer: PolicyActivationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "policies", version, verb="activate"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def list_project_policy_activations(
        self, project_id: str, *, limit: int | None = None
    ) -> Iterator[PolicyActivationOut]:
        """Return which version began to hold when, the newest first."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "policies", verb="activations"),
                query={"limit": limit or PAGE},
            )
        )

    def read_active_project_policy(self, project_id: str) -> PolicyActiveOut:
        """Return which version holds, and since when."""
        answer: PolicyActiveOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "policies", verb="active"))
        )
        return answer

    def check_project_policy(
        self,
        project_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[PolicyModulesIn],
    ) -> PolicyCheckOut:
        """Try modules as an upload would, and keep nothing; a key changes nothing about that."""
        answer: PolicyCheckOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "policies", verb="check"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def deactivate_project_policy(
        self, project_id: str, *, idempotency_key: str | None = None, **body: Unpack[PolicyReasonIn]
    ) -> PolicyActivationOut:
        """Let no version hold any more; those of the organization stay."""
        answer: PolicyActivationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "policies", verb="deactivate"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def simulate(
        self,
        project_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[PolicySimulationIn],
    ) -> PolicySimulationOut:
        """Replay a project's newest decisions under other rules."""
        answer: PolicySimulationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "policies", verb="simulate"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer
