"""Ask the operations on secrets of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Unpack

from runtime.client.documents.secrets import RotationOut, SecretRotationsRotationIn
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import Transport


class Secrets:
    """Ask the operations on secrets."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def tell_rotation(
        self, *, idempotency_key: str | None = None, **body: Unpack[SecretRotationsRotationIn]
    ) -> RotationOut:
        """Let no process use old values any more; takes the platform's own credential."""
        answer: RotationOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("secrets", "rotations"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer
