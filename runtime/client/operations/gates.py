"""Ask the operations on gates of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.gates import FullGateOut, GateIn, GateOut
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Gates:
    """Ask the operations on gates."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(self, organization_id: str, *, limit: int | None = None) -> Iterator[GateOut]:
        """Return the verdicts that were brought, the last one first."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("organizations", organization_id, "gates"),
                query={"limit": limit or PAGE},
            )
        )

    def upload(
        self, organization_id: str, *, idempotency_key: str | None = None, **body: Unpack[GateIn]
    ) -> GateOut:
        """Keep what a report says of one model in one environment; takes an owner or a service."""
        answer: GateOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations", organization_id, "gates"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def read(self, organization_id: str, gate_id: str) -> FullGateOut:
        """Return one verdict with its report."""
        answer: FullGateOut = self._transport.ask(
            Request(method="GET", path=path_of("organizations", organization_id, "gates", gate_id))
        )
        return answer
