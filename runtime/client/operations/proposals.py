"""Ask the operations on proposals of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Unpack

from runtime.client.documents.proposals import ProposalIn, ProposalOut
from runtime.client.request import Request, path_of
from runtime.client.transport import Transport


class Proposals:
    """Ask the operations on proposals."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def evaluate(self, environment: str, **body: Unpack[ProposalIn]) -> ProposalOut:
        """Return what the platform's own model proposes in the situation that the body ..."""
        answer: ProposalOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("environments", environment, "proposals", verb="evaluate"),
                body=body,
            )
        )
        return answer
