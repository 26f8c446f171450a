"""Ask the operations on health of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from runtime.client.documents.health import HealthOut, ReadinessOut
from runtime.client.request import Request, path_of
from runtime.client.transport import Transport


class Health:
    """Ask the operations on health."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def read(self) -> HealthOut:
        """Return that the process is live; open to everybody."""
        answer: HealthOut = self._transport.ask(Request(method="GET", path=path_of("healthz")))
        return answer

    def read_metrics(self) -> bytes:
        """Return the figures of this process, to this machine or to whoever brings the token."""
        return self._transport.read(Request(method="GET", path=path_of("metrics")))

    def read_readiness(self) -> ReadinessOut:
        """Return whether each dependency answers; open to everybody, and silent about why not."""
        answer: ReadinessOut = self._transport.ask(Request(method="GET", path=path_of("readyz")))
        return answer
