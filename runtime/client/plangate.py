"""Be the platform's client: what it offers, by noun, over one transport."""

from __future__ import annotations

from runtime.client.surface import Surface
from runtime.client.transport import TIMEOUT_S, Transport


class Plangate(Surface):
    """Ask one platform as one principal.

    Lists are iterators over all of their pages. What changes something can be sent again safely:
    each such method makes an Idempotency-Key unless it is given one. What the API spells as
    documents are plain dictionaries with known types.
    """

    def __init__(self, url: str, *, token: str | None, timeout_s: float = TIMEOUT_S) -> None:
        """Keep where to ask, and as whom; nothing is sent yet.

        Args:
            url: where the platform is, such as `https://plangate.example.com`.
            token: of the principal; None reads what is open to everybody.
            timeout_s: how long an answer may take.

        Raises:
            UnusableError: the address or the token can't be used.
        """
        super().__init__(Transport(url, token=token, timeout_s=timeout_s))
