"""Ask the operations on models of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Unpack

from runtime.client.documents.models import ModelUsageOut, ModelUse, ModelUseOut
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import Transport


class Models:
    """Ask the operations on models."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def read_organization_models(self, organization_id: str) -> ModelUseOut:
        """Return how the organization's projects ask models, unless they say otherwise."""
        answer: ModelUseOut = self._transport.ask(
            Request(method="GET", path=path_of("organizations", organization_id, "models"))
        )
        return answer

    def replace_organization_models(
        self,
        organization_id: str,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        **body: Unpack[ModelUse],
    ) -> ModelUseOut:
        """Let models be asked otherwise from now on; takes an owner, and replaces all settings."""
        answer: ModelUseOut = self._transport.ask(
            Request(
                method="PUT",
                path=path_of("organizations", organization_id, "models"),
                key=idempotency_key or fresh_key(),
                body=body,
                headers={"If-Match": if_match},
            )
        )
        return answer

    def read_organization_model_usage(self, organization_id: str) -> ModelUsageOut:
        """Return what the organization used of models today; what each member used, for owners."""
        answer: ModelUsageOut = self._transport.ask(
            Request(
                method="GET", path=path_of("organizations", organization_id, "models", verb="usage")
            )
        )
        return answer

    def read_project_models(self, project_id: str) -> ModelUseOut:
        """Return how the project asks models, where it differs from its organization."""
        answer: ModelUseOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "models"))
        )
        return answer

    def replace_project_models(
        self,
        project_id: str,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        **body: Unpack[ModelUse],
    ) -> ModelUseOut:
        """Let the project ask models otherwise than its organization; takes an admin of it."""
        answer: ModelUseOut = self._transport.ask(
            Request(
                method="PUT",
                path=path_of("projects", project_id, "models"),
                key=idempotency_key or fresh_key(),
                body=body,
                headers={"If-Match": if_match},
            )
        )
        return answer

    def read_project_model_usage(self, project_id: str) -> ModelUsageOut:
        """Return what the project used of models today; what each member used, for its admins."""
        answer: ModelUsageOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "models", verb="usage"))
        )
        return answer
