"""Carry chats to an OpenAI-compatible server over one pool of kept connections.

For the calls where LiteLLM's own work costs more than the wait: a reference with `transport=http`
opens it. It knows one dialect; whatever needs another goes through LiteLLM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from types import SimpleNamespace
from typing import Final

import aiohttp
import orjson
from yarl import URL

from runtime.kit.backoff import retry_after_s
from runtime.kit.clock import Clock
from runtime.kit.json_value import JsonValue
from runtime.ports.chat_answer import brief_detail, completion_from, fault_of_status, malformed
from runtime.ports.chat_model import ChatRequest, Completion, ModelError, ModelFault
from runtime.ports.model_reference import ModelReference, ToolMode

DEFAULT_BASE: Final = "https://api.openai.com/v1"
MAX_BODY_BYTES: Final = 8_000_000
LARGE_BYTES: Final = 500_000
"""From which on a body goes out in parts; sent whole, it would hold up the loop."""

_OK: Final = 200
_KEEP_ALIVE_S: Final = 60.0


@dataclass(slots=True)
class _Attempt:
    """Remember whether a request went out on a connection that had served before."""

    reused: bool = False


class OpenAiHttpModel:
    """Complete chats at one server; opened on the first request, inside its event loop."""

    def __init__(
        self,
        reference: ModelReference,
        *,
        api_key: str | None,
        clock: Clock,
        connect: Callable[..., aiohttp.TCPConnector] = aiohttp.TCPConnector,
    ) -> None:
        """Keep what every request shares; `connect` makes what the session connects by."""
        self._connect = connect
        self._reference = reference
        self._api_key = api_key
        self._clock = clock
        self._url = URL((reference.settings.api_base or DEFAULT_BASE) + "/chat/completions")
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    @property
    def name(self) -> str:
        """Return the reference that the model was opened by."""
        return self._reference.safe_text

    @property
    def offline(self) -> bool:
        """Say no: a server may cost money and time."""
        return False

    @property
    def native_tools(self) -> bool:
        """Say whether the reference allows tools; a compatible server is expected to take them."""
        return self._reference.settings.tools is not ToolMode.JSON

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request, once; a kept connection that had gone stale costs nothing.

        Raises:
            ModelError: no usable answer came.
        """
        request = self._reference.applied_to(request)
        try:
            answer = await self._sent(_body(request, self._reference.model_name), request.timeout_s)
        except TimeoutError as error:
            detail = f"no answer within {request.timeout_s:g} s"
            raise self._error(ModelFault.TIMEOUT, detail) from error
        except (aiohttp.ClientError, OSError) as error:
            detail = f"{type(error).__name__}: {error}"
            raise self._error(ModelFault.CONNECTION, detail) from error
        return completion_from(answer, reference=self._reference)

    async def close(self) -> None:
        """Release connections; further requests are an error."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _sent(self, body: bytes, timeout_s: float) -> JsonValue:
        attempt = _Attempt()
        try:
            return await self._posted(body, timeout_s, attempt)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if not attempt.reused or not _nothing_received(error):
                raise
        return await self._posted(body, timeout_s, _Attempt())

    async def _posted(self, body: bytes, timeout_s: float, attempt: _Attempt) -> JsonValue:
        async with self._opened().post(
            self._url,
            data=BytesIO(body) if len(body) > LARGE_BYTES else body,
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            allow_redirects=False,
            trace_request_ctx=attempt,
        ) as response:
            content = await self._read(response)
            if response.status != _OK:
                raise self._refused(response, content)
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            start = brief_detail(content[:80].decode(errors="replace"), secret=self._api_key)
            kind = response.content_type
            detail = f"{len(content)} bytes of {kind} that are not JSON, starting {start!r}"
            raise malformed(self.name, detail) from error
        if isinstance(answer, dict) and answer.get("error") and not answer.get("choices"):
            raise self._error(_fault_inside(answer["error"]), _message(answer))
        return answer

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """Return the body unless it is larger than any honest answer."""
        chunks: list[bytes] = []
        size_bytes = response.content_length or 0
        if size_bytes <= MAX_BODY_BYTES:
            size_bytes = 0
            async for chunk in response.content.iter_any():
                size_bytes += len(chunk)
                if size_bytes > MAX_BODY_BYTES:
                    break
                chunks.append(chunk)
            else:
                return b"".join(chunks)
        response.close()
        raise malformed(
            self.name, f"a body of {size_bytes} bytes or more, expected at most {MAX_BODY_BYTES}"
        )

    def _refused(self, response: aiohttp.ClientResponse, content: bytes) -> ModelError:
        try:
            message = _message(orjson.loads(content))
        except orjson.JSONDecodeError:
            message = content[:2_000].decode(errors="replace")
        if location := response.headers.get("Location"):
            message = f"redirects are not followed, name the address itself: {location}"
        waits = retry_after_s(response.headers.get("Retry-After"), now=self._clock.now())
        return self._error(
            fault_of_status(response.status), f"HTTP {response.status}: {message}", waits
        )

    def _error(
        self, fault: ModelFault, detail: str, retry_after: float | None = None
    ) -> ModelError:
        return ModelError(
            fault,
            model=self.name,
            detail=brief_detail(detail, secret=self._api_key),
            retry_after_s=retry_after,
        )

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise self._error(ModelFault.UNAVAILABLE, "the model is closed; open it again")
        if self._session is None:
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            if self._api_key:
                headers["Authorization"] = f"Bearer {self._api_key}"
            tracing = aiohttp.TraceConfig()
            tracing.on_connection_reuseconn.append(_mark_reused)
            self._session = aiohttp.ClientSession(
                connector=self._connect(
                    limit=self._reference.settings.connections, keepalive_timeout=_KEEP_ALIVE_S
                ),
                headers=headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[tracing],
                trust_env=False,
            )
        return self._session


async def _mark_reused(
    _: aiohttp.ClientSession,
    context: SimpleNamespace,
    __: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    context.trace_request_ctx.reused = True


def _nothing_received(error: aiohttp.ClientError) -> bool:
    """Say whether the connection ended before the first byte of an answer."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)  # otherwise it holds the part of an answer
    return not isinstance(error, aiohttp.ClientConnectorError)


def _body(request: ChatRequest, model: str) -> bytes:
    body: dict[str, JsonValue] = {
        "model": model,
        "messages": request.messages,
        "max_tokens": request.max_tokens,
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.seed is not None:
        body["seed"] = request.seed
    if request.tools:
        body["tools"] = orjson.Fragment(request.tools.encoded)
    return orjson.dumps(body)


def _message(document: JsonValue) -> str:
    error = document.get("error", document) if isinstance(document, dict) else document
    message = error.get("message", error) if isinstance(error, dict) else error
    return str(message)


def _fault_inside(error: JsonValue) -> ModelFault:
    """Return the fault of an error that came with status 200; gateways put the status inside."""
    code = error.get("code") if isinstance(error, dict) else None
    return fault_of_status(code) if isinstance(code, int) else ModelFault.SERVER
