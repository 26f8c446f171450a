"""Ask the operations on tokens of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from runtime.client.documents.tokens import NewTokenOut, TokenIn, TokenOut, TokensRotationIn
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Tokens:
    """Ask the operations on tokens."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(self, *, limit: int | None = None) -> Iterator[TokenOut]:
        """Return the caller's tokens, or to an owner those of the organization."""
        return self._transport.pages(
            Request(method="GET", path=path_of("tokens"), query={"limit": limit or PAGE})
        )

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[TokenIn]) -> NewTokenOut:
        """Make a token; the answer is the only place that ever shows its text."""
        answer: NewTokenOut = self._transport.ask(
            Request(
                method="POST", path=path_of("tokens"), key=idempotency_key or fresh_key(), body=body
            )
        )
        return answer

    def read(self, token_id: str) -> TokenOut:
        """Return a token."""
        answer: TokenOut = self._transport.ask(
            Request(method="GET", path=path_of("tokens", token_id))
        )
        return answer

    def revoke(self, token_id: str, *, idempotency_key: str | None = None) -> TokenOut:
        """Let a token open nothing any more, on every replica within five seconds."""
        answer: TokenOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("tokens", token_id, verb="revoke"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def rotate(
        self, token_id: str, *, idempotency_key: str | None = None, **body: Unpack[TokensRotationIn]
    ) -> NewTokenOut:
        """Replace a token by one with the same name, scopes and life."""
        answer: NewTokenOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("tokens", token_id, verb="rotate"),
                key=idempotency_key or fresh_key(),
                body=body or None,
            )
        )
        return answer
