"""Ask the operations on environments of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from runtime.client.documents.environments import EnvironmentPage
from runtime.client.request import Request, path_of
from runtime.client.transport import Transport


class Environments:
    """Ask the operations on environments."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(self) -> EnvironmentPage:
        """Return every environment with its digests."""
        answer: EnvironmentPage = self._transport.ask(
            Request(method="GET", path=path_of("environments"))
        )
        return answer
