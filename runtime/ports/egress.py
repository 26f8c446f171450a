"""The role of the one way out: requests that leave the platform, within bounds that hold for all.

Implemented by `adapters.egress`. Who calls decides what is asked of whom; where that is, how long
it may take and how much may come back is the operator's, and no caller can widen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from runtime.ports.secret_source import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """Ask the one client that may leave the machine for a request.

    Attributes:
        method: one of GET, HEAD, POST, PUT, PATCH, DELETE.
        url: absolute, in ASCII; https, unless the operator allows more.
        headers: those of the request; the ones that frame it or sign it are refused.
        body: as sent.
        timeout_s: for all of it, from the look-up of the name to the last byte; capped.
        signing_secrets: each signs the body as Standard Webhooks say; two while one replaces
            another, none for no signature.
        message_id: the id of a signed message; equal in every attempt.
        secrets: those that it carries anywhere; it goes only where all of them may go.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    timeout_s: float = 10.0
    signing_secrets: tuple[str, ...] = field(default=(), repr=False)
    message_id: str = ""
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """Hold what came back, whatever its status.

    Attributes:
        status: the code.
        headers: by names in lower case; of a repeated one, the first.
        body: at most as much as the client reads.
        truncated: whether there was more of the body.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    truncated: bool = False


class Egress(Protocol):
    """Send requests outside, within bounds that no caller can widen."""

    async def send(self, call: HttpCall) -> HttpAnswer:
        """Return the answer, of whatever status; redirects are not followed.

        Raises:
            RetryableError: nobody answered, or not in time.
            PermanentError: the address may not be called, or the request can't be sent as it is.
        """
        ...


class OwnEgress(Egress, Protocol):
    """Be a way out that whoever was handed it closes."""

    async def close(self) -> None:
        """Release connections; further requests are refused."""
        ...
