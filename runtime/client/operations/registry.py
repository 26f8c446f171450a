"""Ask the operations on registry of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from runtime.client.documents.registry import RegistryOut
from runtime.client.request import Request, path_of
from runtime.client.transport import Transport


class Registry:
    """Ask the operations on registry."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def read(self, project_id: str) -> RegistryOut:
        """Return the components and actions of a project, those that the caller may see."""
        answer: RegistryOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "registry"))
        )
        return answer
