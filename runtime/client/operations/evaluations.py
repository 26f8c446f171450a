"""Ask the operations on evaluations of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from runtime.client.documents.evaluations import EvaluationLinkOut
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import Transport


class Evaluations:
    """Ask the operations on evaluations."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def create_link(
        self, organization_id: str, *, idempotency_key: str | None = None
    ) -> EvaluationLinkOut:
        """Make a link that opens the organization's evaluations in a browser, once."""
        answer: EvaluationLinkOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations", organization_id, "evaluations", verb="link"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer
