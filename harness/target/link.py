"""Carry requests to a platform: one session, bounded answers, faults by name, patience.

Asking again is safe: an evaluation has no effect, and the same verdict twice is one gate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import Final

import aiohttp
from yarl import URL

from harness.target.wire import read_refusal
from runtime.public import ModelError, ModelFault, Patience, redact

MAX_ANSWER_BYTES: Final = 4_000_000
SHOWN_CHARS: Final = 500
CONNECTIONS: Final = 128

_FINE: Final = frozenset({200, 201})
_SERVER_ERRORS: Final = 500
_FAULTS: Final = {
    401: ModelFault.UNAUTHORIZED,
    403: ModelFault.UNAUTHORIZED,
    408: ModelFault.TIMEOUT,
    429: ModelFault.RATE_LIMITED,
    504: ModelFault.TIMEOUT,
}
_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Hold an answer and how often it had to be asked for again."""

    body: bytes
    retries: int


class Link:
    """Speak to one platform; its connections belong to the event loop of the first request."""

    def __init__(self, url: URL, *, name: str, token: str | None, timeout_s: float) -> None:
        """Keep where to, how the target is called in faults, and how long one try may take."""
        self._url = url
        self._name = name
        self._token = token
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self, path: tuple[str, ...], body: bytes | None, *, patience: Patience, seed: int = 0
    ) -> Heard:
        """Post a body, or get where there is none; wait and ask again where the fault allows.

        Args:
            path: segments after the platform's address.
            body: JSON.
            patience: bounds of waiting.
            seed: spreads the waits of trials that failed together.

        Raises:
            ModelError: no answer came within the retries, or one that says no.
        """
        attempt = 0
        while True:
            try:
                return Heard(body=await self._asked(path, body), retries=attempt)
            except ModelError as error:
                if attempt >= patience.retries or not error.fault.may_retry:
                    raise
                await patience.sleep(_wait_s(error, attempt, patience, seed=seed))
                attempt += 1

    def fault(
        self, fault: ModelFault, detail: str, *, retry_after_s: float | None = None
    ) -> ModelError:
        """Return an error about this target, in one line and without its token."""
        if self._token:
            detail = detail.replace(self._token, "***")
        line = " ".join(str(redact(detail[: 4 * SHOWN_CHARS])).split())
        shown = "".join(char if char.isprintable() else "?" for char in line)[:SHOWN_CHARS]
        return ModelError(fault, model=self._name, detail=shown, retry_after_s=retry_after_s)

    async def close(self) -> None:
        """Release connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _asked(self, path: tuple[str, ...], body: bytes | None) -> bytes:
        method = "GET" if body is None else "POST"
        try:
            async with self._opened().request(
                method, self._url.joinpath(*path), data=body, allow_redirects=False
            ) as response:
                content = await self._read(response)
                if response.status not in _FINE:
                    raise self._refused(response, content)
                return content
        except TimeoutError as error:
            detail = f"no answer within {self._timeout.total:g} s"
            raise self.fault(ModelFault.TIMEOUT, detail) from error
        except (aiohttp.ClientError, OSError) as error:
            detail = f"{type(error).__name__}: {error}"
            raise self.fault(ModelFault.CONNECTION, detail) from error

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the body unless it is larger than any honest answer, or packed, unasked."""
        if packed := response.headers.get("Content-Encoding"):
            response.close()
            raise self.fault(ModelFault.MALFORMED, f"an answer packed as {packed}, expected plain")
        chunks: list[bytes] = []
        size_bytes = 0
        async for chunk in response.content.iter_any():
            size_bytes += len(chunk)
            if size_bytes > MAX_ANSWER_BYTES:
                response.close()
                raise self.fault(
                    ModelFault.MALFORMED,
                    f"an answer of more than {MAX_ANSWER_BYTES} bytes, which are the most",
                )
            chunks.append(chunk)
        return b"".join(chunks)

    def _refused(self, response: aiohttp.ClientResponse, content: bytes) -> ModelError:
        status = response.status
        otherwise = ModelFault.SERVER if status >= _SERVER_ERRORS else ModelFault.BAD_REQUEST
        detail = read_refusal(content)
        if location := response.headers.get("Location"):
            detail = f"redirects are not followed, name the address itself: {location}"
        return self.fault(
            _FAULTS.get(status, otherwise),
            f"HTTP {status}: {detail}",
            retry_after_s=_seconds(response.headers.get("Retry-After", "")),
        )

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
            }
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=headers,
                timeout=self._timeout,
                auto_decompress=False,
                trust_env=False,
            )
        return self._session


def _seconds(header: str) -> float | None:
    """Read a Retry-After in seconds; the date form is left to the usual waits."""
    return float(header) if _SECONDS.fullmatch(header.strip()) else None


def _wait_s(error: ModelError, attempt: int, patience: Patience, *, seed: int) -> float:
    if error.retry_after_s is not None:
        return min(error.retry_after_s, patience.cap_s)
    longest_s: float = min(patience.cap_s, patience.base_s * 2.0 ** min(attempt, 30))
    return longest_s * Random(f"{seed}/{attempt}").random()
