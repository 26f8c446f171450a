"""Ask the operations on plans of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Unpack

from runtime.client.documents.plans import PlanRequestIn
from runtime.client.documents.shared import JobOut, OutcomeOut
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import Transport


class Plans:
    """Ask the operations on plans."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def execute(
        self,
        project_id: str,
        *,
        idempotency_key: str | None = None,
        plangate_timeout: float | None = None,
        if_match: str | None = None,
        **body: Unpack[PlanRequestIn],
    ) -> OutcomeOut:
        """Execute a plan. What the engine refuses is an outcome as well, with status 200."""
        answer: OutcomeOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "plans", verb="execute"),
                key=idempotency_key or fresh_key(),
                body=body,
                headers={"Plangate-Timeout": plangate_timeout, "If-Match": if_match},
            )
        )
        return answer

    def execute_queued(
        self,
        project_id: str,
        *,
        idempotency_key: str | None = None,
        plangate_timeout: float | None = None,
        if_match: str | None = None,
        **body: Unpack[PlanRequestIn],
    ) -> JobOut:
        """Execute a plan. What the engine refuses is an outcome as well, with status 200."""
        answer: JobOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "plans", verb="execute"),
                key=idempotency_key or fresh_key(),
                body=body,
                query={"mode": "queued"},
                headers={"Plangate-Timeout": plangate_timeout, "If-Match": if_match},
            )
        )
        return answer

    def simulate(
        self,
        project_id: str,
        *,
        idempotency_key: str | None = None,
        plangate_timeout: float | None = None,
        if_match: str | None = None,
        **body: Unpack[PlanRequestIn],
    ) -> OutcomeOut:
        """Return the outcome that executing the plan now would have."""
        answer: OutcomeOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "plans", verb="simulate"),
                key=idempotency_key or fresh_key(),
                body=body,
                headers={"Plangate-Timeout": plangate_timeout, "If-Match": if_match},
            )
        )
        return answer
