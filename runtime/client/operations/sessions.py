"""Ask the operations on sessions of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import Transport


class Sessions:
    """Ask the operations on sessions."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def finish(
        self,
        *,
        state: str | None = None,
        code: str | None = None,
        iss: str | None = None,
        error: str | None = None,
    ) -> str:
        """Return the address: take the answer of an identity provider, and begin a session."""
        return self._transport.location(
            Request(
                method="GET",
                path=path_of("sessions", verb="callback"),
                query={"state": state, "code": code, "iss": iss, "error": error},
            )
        )

    def begin(self, *, issuer: str | None = None, return_to: str | None = None) -> str:
        """Return the address: send a browser to its identity provider; open to everybody."""
        return self._transport.location(
            Request(
                method="GET",
                path=path_of("sessions", verb="login"),
                query={"issuer": issuer, "return_to": return_to},
            )
        )

    def end(self, *, idempotency_key: str | None = None) -> None:
        """End the session that the request brings."""
        self._transport.ask(
            Request(
                method="POST",
                path=path_of("sessions", verb="logout"),
                key=idempotency_key or fresh_key(),
            )
        )
