"""Speak HTTP with one OPA server: kept connections, a cap, no redirect, no proxy.

How long to wait is the caller's: `in_time` bounds whatever it does here, however many requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp
from yarl import URL

from runtime.ports.policy import PolicyFault, PolicyFaultError

MAX_ANSWER_BYTES: Final = 4_000_000

_CONNECTIONS: Final = 64
_ATTEMPTS: Final = 2
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_JSON_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class WireAnswer:
    """Hold what came back, unread."""

    status: int
    content_type: str
    body: bytes

    def ok(self) -> bytes:
        """Return the body of an answer that is one.

        Raises:
            PolicyFaultError: `FAILED` for another status, `MALFORMED` for another type than JSON.
        """
        if self.status != _OK:
            raise PolicyFaultError(
                PolicyFault.FAILED, f"OPA answered HTTP {self.status}, expected {_OK}"
            )
        if self.content_type != _JSON_TYPE:
            raise PolicyFaultError(
                PolicyFault.MALFORMED,
                f"OPA answered with {self.content_type[:80]}, expected {_JSON_TYPE}",
            )
        return self.body


@asynccontextmanager
async def in_time(timeout_s: float) -> AsyncIterator[None]:
    """End what is done inside after a time.

    Raises:
        PolicyFaultError: `SLOW`: it took longer.
    """
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError:
        raise PolicyFaultError(
            PolicyFault.SLOW, f"OPA gave no answer within {timeout_s:g} s"
        ) from None


class OpaWire:
    """Ask one server; the session is opened by the first request, inside its event loop."""

    def __init__(self, url: str, *, token: str | None) -> None:
        """Keep the address; `token` is sent as a bearer's.

        Raises:
            ValueError: If the URL is not an address of HTTP, or has credentials or a query in it.
        """
        self._base = _address(url)
        self._token = token
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def get(self, *path: str) -> WireAnswer:
        """Return the answer at a path; raise as `post` does."""
        return await self._asked("GET", self._base.joinpath(*path), b"")

    async def post(self, *path: str, body: bytes) -> WireAnswer:
        """Return the answer to a question; a builtin that fails there is a failure, not silence.

        A connection that breaks is tried anew, once: a question changes nothing.

        Raises:
            PolicyFaultError: `DOWN` if nothing can be reached or it broke off, `MALFORMED` if it
                is not HTTP or too large, `FAILED` if it sends elsewhere.
        """
        url = self._base.joinpath(*path).with_query({"strict-builtin-errors": "true"})
        return await self._asked("POST", url, body)

    async def close(self) -> None:
        """Release connections; further questions are refused."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _asked(self, method: str, url: URL, body: bytes) -> WireAnswer:
        try:
            return await self._within_attempts(method, url, body)
        except (aiohttp.ClientResponseError, aiohttp.http.HttpProcessingError):
            raise PolicyFaultError(PolicyFault.MALFORMED, "OPA's answer is not HTTP") from None
        except (aiohttp.ClientError, OSError) as error:
            raise PolicyFaultError(
                PolicyFault.DOWN, f"OPA can't be reached ({type(error).__name__})"
            ) from None

    async def _within_attempts(self, method: str, url: URL, body: bytes) -> WireAnswer:
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._once(method, url, body)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                continue
        return await self._once(method, url, body)

    async def _once(self, method: str, url: URL, body: bytes) -> WireAnswer:
        async with self._opened().request(
            method, url, data=body or None, allow_redirects=False
        ) as response:
            if response.status in _REDIRECTS:
                raise PolicyFaultError(
                    PolicyFault.FAILED,
                    f"OPA answered HTTP {response.status}; redirects are not followed, "
                    "name the address itself",
                )
            return WireAnswer(
                status=response.status,
                content_type=response.content_type,
                body=await _read(response),
            )

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise PolicyFaultError(PolicyFault.DOWN, "this server is shutting down")
        if self._session is None:
            headers = {
                "Accept": _JSON_TYPE,
                "Accept-Encoding": "identity",
                "Content-Type": _JSON_TYPE,
            }
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=None),
                headers=headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size_bytes = 0
    async for chunk in response.content.iter_any():
        size_bytes += len(chunk)
        if size_bytes > MAX_ANSWER_BYTES:
            response.close()
            raise PolicyFaultError(
                PolicyFault.MALFORMED,
                f"OPA's answer has more than {MAX_ANSWER_BYTES} bytes",
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _address(url: str) -> URL:
    address = URL(url)
    strange = address.user or address.password or address.query_string or address.fragment
    if address.scheme not in {"http", "https"} or not address.host or strange:
        raise ValueError(
            "the address of OPA is not http(s)://HOST[:PORT][/PATH], without credentials and query"
        )
    return address
