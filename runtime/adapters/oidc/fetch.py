"""Speak HTTP with issuers: short, small, JSON only, never redirected, never through a proxy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from runtime.adapters.oidc.refusal import unavailable
from runtime.domain.errors import IdentityRefusedError
from runtime.kit.canonical_json import CanonicalJsonError, parse_strict
from runtime.kit.json_value import JsonObject

TIMEOUT_S: Final = 5.0
MAX_BODY_BYTES: Final = 262_144

_OK: Final = 200
_JSON_TYPE: Final = re.compile(r"application/([a-z0-9.-]+\+)?json", re.IGNORECASE)
_CONNECTIONS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Hold an answer that is a JSON object, with its status."""

    status: int
    document: JsonObject


class IssuerClient:
    """Ask issuers; the session is opened by the first request, inside its event loop.

    Bodies are taken uncompressed: a small one that unpacks to a large one is not JSON here.
    """

    def __init__(self, *, timeout_s: float = TIMEOUT_S) -> None:
        """Prepare to ask; an answer must be complete within `timeout_s`."""
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def get(self, url: str) -> JsonObject:
        """Return the document at a URL.

        Raises:
            IdentityRefusedError: `unavailable`: there is none that can be used.
        """
        answer = await self._answer("GET", url)
        if answer.status != _OK:
            raise unavailable(f"the issuer answered HTTP {answer.status}, expected {_OK}")
        return answer.document

    async def post_form(
        self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str]
    ) -> Answer:
        """Return what a form is answered with, whatever the status.

        Raises:
            IdentityRefusedError: `unavailable`: there is no answer, or not in JSON.
        """
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._answer(
            "POST", url, body=urlencode(form).encode(), headers={**headers, **kind}
        )

    async def close(self) -> None:
        """Release connections; further requests are refused."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _answer(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        try:
            async with self._opened().request(
                method, URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as response:
                return await _read(response)
        except TimeoutError:
            raise unavailable(f"the issuer gave no answer within {self._timeout_s:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise unavailable(f"the issuer can't be reached ({type(error).__name__})") from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise unavailable("this server is shutting down")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=self._timeout_s),
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


async def _read(response: aiohttp.ClientResponse) -> Answer:
    if not _JSON_TYPE.fullmatch(response.content_type):
        raise _unusable(response, "the type is not JSON")
    chunks, size_bytes = [], 0
    async for chunk in response.content.iter_any():
        size_bytes += len(chunk)
        if size_bytes > MAX_BODY_BYTES:
            response.close()
            raise _unusable(response, f"the body has more than {MAX_BODY_BYTES} bytes")
        chunks.append(chunk)
    try:
        document = parse_strict(b"".join(chunks))
    except CanonicalJsonError:
        raise _unusable(response, "the body is not JSON that every reader reads alike") from None
    if not isinstance(document, dict):
        raise _unusable(response, "the body is no JSON object")
    return Answer(status=response.status, document=document)


def _unusable(response: aiohttp.ClientResponse, problem: str) -> IdentityRefusedError:
    return unavailable(f"the issuer answered HTTP {response.status}, but of no use: {problem}")
