"""Ask the operations on me of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from runtime.client.documents.me import CallerOut
from runtime.client.request import Request, path_of
from runtime.client.transport import Transport


class Me:
    """Ask the operations on me."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def read_caller(self) -> CallerOut:
        """Return who the credential of the request belongs to; any credential may ask."""
        answer: CallerOut = self._transport.ask(Request(method="GET", path=path_of("me")))
        return answer
