"""Send requests outside: to judged addresses only, never redirected, never through a proxy.

The name stays where it proves something (SNI, certificate, Host); the connection goes to the
address that was judged. Answers are read up to a bound and never unpacked.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from runtime.adapters.egress.gate import Gate
from runtime.adapters.egress.headers import outgoing_headers
from runtime.adapters.egress.slots import Slots
from runtime.adapters.egress.target import Target, read_target
from runtime.adapters.egress.wire import BESIDE_BODY_BYTES, BoundedConnector
from runtime.kit.clock import Clock
from runtime.kit.public_address import Address
from runtime.ports.effect_failure import PermanentError, RetryableError
from runtime.ports.egress import HttpAnswer, HttpCall

METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"})
MOST_BODY_BYTES: Final = 1_048_576
MOST_TRIED_ADDRESSES: Final = 3

_KEPT_ALIVE_S: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressBounds:
    """Bound what one request may take, and how many there are.

    Attributes:
        timeout_s: the longest that any caller may wait.
        answer_bytes: how much of a body is read.
        per_host: requests at once to one host, in this process.
        total: requests at once in all.
    """

    timeout_s: float = 15.0
    answer_bytes: int = 65_536
    per_host: int = 16
    total: int = 256


USUAL_BOUNDS: Final = EgressBounds()


class EgressClient:
    """Be the one client of what is outside; the session is opened by the first request."""

    def __init__(
        self,
        gate: Gate,
        *,
        clock: Clock,
        bounds: EgressBounds = USUAL_BOUNDS,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare to ask.

        Args:
            gate: judges where requests go; closed with the client.
            clock: dates signatures.
            bounds: hold for every request.
            trust: whose certificates are believed; None for the machine's usual ones.
        """
        self._gate = gate
        self._clock = clock
        self._bounds = bounds
        self._trust = trust or ssl.create_default_context()
        self._slots = Slots(per_host=bounds.per_host, total=bounds.total)
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def send(self, call: HttpCall) -> HttpAnswer:
        """Return the answer, of whatever status; redirects are not followed.

        Raises:
            RetryableError: nobody answered, or not in time.
            PermanentError: the address may not be called, or the request can't be sent as it is.
        """
        if call.method not in METHODS:
            raise PermanentError(f"the method is none of {', '.join(sorted(METHODS))}")
        if len(call.body) > MOST_BODY_BYTES:
            raise PermanentError(
                f"the body has {len(call.body)} bytes, expected at most {MOST_BODY_BYTES}"
            )
        target = read_target(call.url)
        _check_secrets(call, target)
        headers = outgoing_headers(call, target, now=self._clock.now())
        timeout_s = min(max(call.timeout_s, 0.0), self._bounds.timeout_s)
        try:
            async with asyncio.timeout(timeout_s), self._slots.held(target.host):
                return await self._answer(call, target, headers)
        except TimeoutError:
            raise RetryableError(f"no complete answer within {timeout_s:g} s") from None

    async def close(self) -> None:
        """Release connections; further requests are refused."""
        self._closed = True
        self._gate.close()
        if self._session is not None:
            await self._session.close()

    async def _answer(
        self, call: HttpCall, target: Target, headers: Mapping[str, str]
    ) -> HttpAnswer:
        """Ask the first address that can be connected to: before that, nothing was sent."""
        addresses = await self._gate.addresses(target)
        for address in addresses[:MOST_TRIED_ADDRESSES]:
            try:
                return await self._asked(call, target, address=address, headers=headers)
            except aiohttp.ClientConnectorCertificateError:
                raise RetryableError("the host proved to be another, by its certificate") from None
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise RetryableError(f"the answer broke off ({type(error).__name__})") from None
        raise RetryableError("the host can't be connected to")

    async def _asked(
        self,
        call: HttpCall,
        target: Target,
        *,
        address: Address,
        headers: Mapping[str, str],
    ) -> HttpAnswer:
        named = target.secure and target.address is None
        async with self._opened().request(
            call.method,
            target.at(address),
            data=call.body or None,
            headers=headers,
            allow_redirects=False,
            server_hostname=target.host if named else None,
        ) as response:
            return await _read(response, self._bounds.answer_bytes)

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise RetryableError("this process is shutting down")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=BoundedConnector(
                    wire_bytes=4 * self._bounds.answer_bytes + BESIDE_BODY_BYTES,
                    limit=0,  # the slots bound it
                    resolver=_NoNames(),
                    use_dns_cache=False,
                    ssl=self._trust,
                    keepalive_timeout=_KEPT_ALIVE_S,
                ),
                timeout=aiohttp.ClientTimeout(total=None),  # ours spans the look-up as well
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Content-Type",),
                auto_decompress=False,
                trust_env=False,
                read_bufsize=self._bounds.answer_bytes,
            )
        return self._session


def _check_secrets(call: HttpCall, target: Target) -> None:
    """Refuse to carry a secret to a host that it was not made for."""
    for secret in call.secrets:
        if not secret.may_go_to(target.host):
            raise PermanentError(f"the secret '{secret.name}' was not made for this host")


class _NoNames(AbstractResolver):
    """Refuse to look names up behind the gate's back."""

    @override
    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        del host, port, family
        raise OSError("only judged addresses are connected to")

    @override
    async def close(self) -> None:
        """Hold nothing."""


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> HttpAnswer:
    """Read an answer up to a bound; a longer one costs its connection, as its rest is unread."""
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        headers.setdefault(name.lower(), value)
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most_bytes:
            response.close()
            break
    return HttpAnswer(
        status=response.status,
        headers=headers,
        body=bytes(body[:most_bytes]),
        truncated=len(body) > most_bytes,
    )
