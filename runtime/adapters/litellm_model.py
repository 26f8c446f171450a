"""Carry chats to whatever LiteLLM reaches, and to our offline providers through LiteLLM as well.

The only module that imports litellm, which takes seconds: the bootstrap loads it on first use,
after `quiet_environment`. LiteLLM's own retries, fallbacks, caches and logs stay off: what the
model said once is what the caller gets, and who answered is on record.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from typing import Final

import aiohttp
import litellm
import openai
import orjson
from litellm.llms.custom_llm import CustomLLM
from litellm.llms.openai.common_utils import BaseOpenAILLM
from typing_extensions import override

from runtime.kit.backoff import retry_after_s
from runtime.kit.clock import Clock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.chat_answer import (
    brief_detail,
    completion_from,
    document_from,
    fault_of_status,
)
from runtime.ports.chat_model import ChatRequest, Completion, ModelError, ModelFault, ToolSet
from runtime.ports.model_reference import (
    OFFLINE_PROVIDER,
    ModelReference,
    Price,
    ToolMode,
)
from runtime.ports.offline_provider import OfflineProvider, OfflineRoutes

_NO_KEY: Final = "not-needed"  # an address without a named key must not get the usual one
_GRACE_S: Final = 2.0  # LiteLLM's own timeout, which allows a slow trickle, should speak first
_UNREADABLE: Final = "Empty or invalid response"  # LiteLLM calls a body without JSON a status 500
_MICROS: Final = Decimal(1_000_000)
_FAULTS: Final[tuple[tuple[type[Exception], ModelFault], ...]] = (
    (openai.APITimeoutError, ModelFault.TIMEOUT),
    (openai.APIResponseValidationError, ModelFault.MALFORMED),
    (openai.RateLimitError, ModelFault.RATE_LIMITED),
    (openai.AuthenticationError, ModelFault.UNAUTHORIZED),
    (openai.PermissionDeniedError, ModelFault.UNAUTHORIZED),
    (openai.BadRequestError, ModelFault.BAD_REQUEST),
    (openai.NotFoundError, ModelFault.BAD_REQUEST),
    (openai.UnprocessableEntityError, ModelFault.BAD_REQUEST),
)
_FAULTS_BELOW: Final[tuple[tuple[type[Exception], ModelFault], ...]] = (
    (TimeoutError, ModelFault.TIMEOUT),
    (openai.APIConnectionError, ModelFault.CONNECTION),
    (json.JSONDecodeError, ModelFault.MALFORMED),
)


class LiteLlmModel:
    """Complete chats through LiteLLM."""

    def __init__(
        self,
        reference: ModelReference,
        *,
        api_key: str | None,
        offline_providers: Mapping[str, OfflineProvider],
        clock: Clock,
        connect: Callable[..., aiohttp.TCPConnector] = aiohttp.TCPConnector,
    ) -> None:
        """Keep what every request shares, and register the offline provider.

        Raises:
            ModelReferenceError: no offline provider has that name.
            ModelError: UNAVAILABLE when LiteLLM knows no such provider.
        """
        self._reference = reference
        self._api_key = api_key
        self._clock = clock
        self._client: openai.AsyncOpenAI | None = None
        self._http: aiohttp.ClientSession | None = None
        self._connect = connect
        self._closed = False
        self._route = ""
        self._grace_s = 0.0 if reference.offline else _GRACE_S
        litellm.suppress_debug_info = True
        if reference.offline:
            self._route = _offline_routes().open(reference, offline_providers)
        else:
            self._check_provider()
        self._plain_openai = _speaks_plain_openai(reference)

    @property
    def name(self) -> str:
        """Return the reference that the model was opened by."""
        return self._reference.safe_text

    @property
    def offline(self) -> bool:
        """Say whether the model answers inside this process, for nothing."""
        return self._reference.offline

    @property
    def native_tools(self) -> bool:
        """Say whether the model takes tools: by the reference, else by LiteLLM's table."""
        mode = self._reference.settings.tools
        if mode is not ToolMode.AUTO:
            return mode is ToolMode.NATIVE
        return self.offline or bool(litellm.supports_function_calling(self._reference.model))

    def missing_variables(self) -> tuple[str, ...]:
        """Return the variables that LiteLLM wants for this provider and does not find."""
        if self.offline or self._api_key or self._reference.settings.api_base:
            return ()
        return tuple(litellm.validate_environment(self._reference.model)["missing_keys"])

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request, once.

        Raises:
            ModelError: no usable answer came.
        """
        if self._closed:
            raise self._error(ModelFault.UNAVAILABLE, "the model is closed; open it again")
        request = self._reference.applied_to(request)
        try:
            async with asyncio.timeout(request.timeout_s + self._grace_s):
                response = await litellm.acompletion(**self._arguments(request))
        except TimeoutError as error:
            detail = f"no answer within {request.timeout_s:g} s"
            raise self._error(ModelFault.TIMEOUT, detail) from error
        except Exception as error:  # foreign code raises more than it documents
            raise self._fault(error) from error
        return self._completion(response)

    async def close(self) -> None:
        """Release connections; further requests are an error."""
        self._closed = True
        if self._route:
            _offline_routes().close(self._route)
        if self._client is not None:
            await self._client.close()
        if self._http is not None:
            await self._http.close()

    def _check_provider(self) -> None:
        try:
            litellm.get_llm_provider(self._reference.model)
        except openai.BadRequestError as error:
            detail = f"LiteLLM knows no provider {self._reference.provider!r}"
            raise self._error(ModelFault.UNAVAILABLE, detail) from error

    def _arguments(self, request: ChatRequest) -> JsonObject:
        """Return what the call takes; a copy of the messages, for LiteLLM changes them."""
        settings = self._reference.settings
        arguments: JsonObject = {
            "model": self._reference.model,
            "messages": orjson.loads(orjson.dumps(request.messages)),
            "max_tokens": request.max_tokens,
            "timeout": request.timeout_s,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,
            "caching": False,
            "no-log": True,
            "_skip_mcp_handler": True,
        }
        if request.temperature is not None:
            arguments["temperature"] = request.temperature
        if request.seed is not None:
            arguments["seed"] = request.seed
        if settings.api_base:
            arguments["api_base"] = settings.api_base
        if not self.offline and (self._api_key or settings.api_base):
            arguments["api_key"] = self._api_key or _NO_KEY
        if self.offline:
            arguments["metadata"] = {"route": self._route, "labels": dict(request.labels)}
        if self._plain_openai:
            arguments["client"] = self._opened()
        return arguments | self._tool_arguments(request.tools)

    def _tool_arguments(self, tools: ToolSet) -> JsonObject:
        """Return where the tools go: past the SDK's type walk where the wire form is ours."""
        if not tools:
            return {}
        if self._plain_openai:
            return {"extra_body": {"tools": tools.definitions}}
        return {"tools": orjson.loads(tools.encoded)}

    def _opened(self) -> openai.AsyncOpenAI:
        """Return our own client: LiteLLM's shared ones can't be closed one by one."""
        if self._client is None:
            self._http = aiohttp.ClientSession(
                connector=self._connect(limit=self._reference.settings.connections),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
            carrier = BaseOpenAILLM.get_async_http_client(shared_session=self._http)
            if carrier is not None:
                carrier.follow_redirects = False
            self._client = openai.AsyncOpenAI(
                api_key=self._api_key or _NO_KEY,
                base_url=self._reference.settings.api_base,
                max_retries=0,
                http_client=carrier,
            )
        return self._client

    def _completion(self, response: JsonValue) -> Completion:
        completion = completion_from(response.model_dump(warnings=False), reference=self._reference)
        dollars = getattr(response, "_hidden_params", {}).get("response_cost")
        return replace(completion, cost_micros=self._cost_micros(completion, dollars))

    def _cost_micros(self, completion: Completion, dollars: float | None) -> int | None:
        """Return the price of a call: nothing offline, else by the reference, else by LiteLLM."""
        if self.offline:
            return 0
        if completion.cost_micros is not None or dollars is None:
            return completion.cost_micros
        exact = Decimal(repr(dollars)) * _MICROS
        return int(exact.to_integral_value(rounding=ROUND_CEILING))

    def _fault(self, error: Exception) -> ModelError:
        """Return the error in our terms; the offline providers' own errors pass unchanged."""
        chain = tuple(_chain(error))
        for cause in chain:
            if isinstance(cause, ModelError):
                return cause
        headers = next((found for cause in chain if (found := _headers(cause))), {})
        return self._error(
            _fault_of(chain),
            getattr(error, "message", None) or f"{type(error).__name__}: {error}",
            retry_after_s(headers.get("retry-after"), now=self._clock.now()),
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


class OfflineBridge(CustomLLM):
    """Stand in LiteLLM's provider table and hand each call to the provider of its route."""

    def __init__(self) -> None:
        """Start without routes."""
        super().__init__()
        self.routes = OfflineRoutes()

    @override
    async def acompletion(self, *_: JsonValue, **call: JsonValue) -> litellm.ModelResponse:
        """Answer one call of LiteLLM's."""
        metadata = call["litellm_params"]["metadata"]
        given = call["optional_params"]
        request = ChatRequest(
            messages=tuple(call["messages"]),
            tools=ToolSet(tuple(given.get("tools") or ())),
            temperature=given.get("temperature"),
            max_tokens=given["max_tokens"],
            seed=given.get("seed"),
            timeout_s=float(call["timeout"]),
            labels=metadata["labels"],
        )
        answer = await self.routes.answer(metadata["route"], request)
        return litellm.ModelResponse(**document_from(answer))


def _offline_routes() -> OfflineRoutes:
    """Return the routes of the bridge in LiteLLM's table, put there by the first who asks."""
    for item in litellm.custom_provider_map:
        handler = item["custom_handler"]
        if isinstance(handler, OfflineBridge):
            return handler.routes
    bridge = OfflineBridge()
    litellm.custom_provider_map.append({"provider": OFFLINE_PROVIDER, "custom_handler": bridge})
    return bridge.routes


def listed_price(model: str) -> Price | None:
    """Return the highest price of a model in LiteLLM's table; None for one that is not listed.

    Some models cost more beyond a number of tokens; a bound on spending wants the highest.
    """
    try:
        listed = litellm.get_model_info(model)
    except Exception:  # noqa: BLE001  # whatever it says, the price is not known
        return None
    prompt = _highest(listed, "input_cost_per_token")
    completion = _highest(listed, "output_cost_per_token", "output_cost_per_reasoning_token")
    if prompt is None or completion is None:
        return None
    return Price(prompt=prompt, completion=completion)


def _highest(listed: Mapping[str, JsonValue], *names: str) -> Decimal | None:
    found = [
        Decimal(repr(dollars)) * _MICROS
        for name, dollars in listed.items()
        if dollars is not None
        and any(re.fullmatch(rf"{known}(_above_\w+_tokens)?", name) for known in names)
    ]
    return max(found, default=None)


def _speaks_plain_openai(reference: ModelReference) -> bool:
    """Say whether a call goes out as we write it: an own server that LiteLLM does not bridge."""
    known = litellm.model_cost.get(reference.model_name) or {}
    return (
        reference.provider == "openai"
        and reference.settings.api_base is not None
        and not reference.model_name.startswith("responses/")
        and known.get("mode", "chat") == "chat"
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _headers(error: BaseException) -> Mapping[str, str]:
    response = getattr(error, "response", None)
    return getattr(error, "headers", None) or getattr(response, "headers", None) or {}


def _fault_of(chain: tuple[BaseException, ...]) -> ModelFault:
    """Return the fault of an exception: its class, what lies under it, or its status."""
    error = chain[0]
    for kind, fault in _FAULTS:
        if isinstance(error, kind):
            return fault
    for kind, fault in _FAULTS_BELOW:
        if any(type(cause) is kind for cause in chain):
            return fault
    if _UNREADABLE in str(error):
        return ModelFault.MALFORMED
    return fault_of_status(getattr(error, "status_code", 500))
