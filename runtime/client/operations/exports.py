"""Ask the operations on exports of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from runtime.client.request import Request, path_of
from runtime.client.transport import Transport


class Exports:
    """Ask the operations on exports."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    @contextmanager
    def export_organization(self, organization_id: str) -> Iterator[Iterator[bytes]]:
        """Return everything of an organization as lines of JSON: a header, rows."""
        with self._transport.reading(
            Request(method="GET", path=path_of("organizations", organization_id, verb="export"))
        ) as parts:
            yield parts
