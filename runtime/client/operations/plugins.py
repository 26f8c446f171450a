"""Ask the operations on plugins of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from runtime.client.documents.plugins import PluginOut, PluginPage
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import Transport


class Plugins:
    """Ask the operations on plugins."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(self, organization_id: str) -> PluginPage:
        """Return the plugins that are served, and those that were to be and are quarantined."""
        answer: PluginPage = self._transport.ask(
            Request(method="GET", path=path_of("organizations", organization_id, "plugins"))
        )
        return answer

    def disable(
        self, organization_id: str, name: str, *, idempotency_key: str | None = None
    ) -> PluginOut:
        """Refuse a plugin's actions and effects in the organization from now on; takes an owner."""
        answer: PluginOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations", organization_id, "plugins", name, verb="disable"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def enable(
        self, organization_id: str, name: str, *, idempotency_key: str | None = None
    ) -> PluginOut:
        """Let a plugin act in the organization again; takes an owner."""
        answer: PluginOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("organizations", organization_id, "plugins", name, verb="enable"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer
