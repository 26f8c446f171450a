"""Ask the operations on outcomes of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator

from runtime.client.documents.outcomes import OutcomeSummaryOut
from runtime.client.documents.shared import OutcomeOut
from runtime.client.request import Request, path_of
from runtime.client.transport import PAGE, Transport


class Outcomes:
    """Ask the operations on outcomes."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(self, project_id: str, *, limit: int | None = None) -> Iterator[OutcomeSummaryOut]:
        """Return the outcomes of a project, the newest first."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "outcomes"),
                query={"limit": limit or PAGE},
            )
        )

    def read(self, project_id: str, outcome_id: str) -> OutcomeOut:
        """Return one outcome as its execution was answered."""
        answer: OutcomeOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "outcomes", outcome_id))
        )
        return answer
