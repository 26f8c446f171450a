"""The role of a chat model: one request in, one completion or one typed error out.

Implemented by `adapters.litellm` (anything LiteLLM reaches) and `adapters.openai_http` (a lean
transport for OpenAI-compatible endpoints).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol

import orjson
from typing_extensions import override

from runtime.kit.json_value import JsonObject


class ToolSet:
    """Hold tool definitions in the field's JSON form, encoded once for every request.

    Two sets with the same definitions are equal; hold on to one per environment.
    """

    def __init__(self, definitions: tuple[JsonObject, ...]) -> None:
        """Keep definitions of the form `{"type": "function", "function": {...}}`."""
        self.definitions = definitions

    @cached_property
    def encoded(self) -> bytes:
        """Return the definitions as one JSON array."""
        return orjson.dumps(self.definitions)

    def __bool__(self) -> bool:
        """Say whether there is any tool."""
        return bool(self.definitions)

    @override
    def __eq__(self, other: object) -> bool:
        """Compare by definitions."""
        return isinstance(other, ToolSet) and self.encoded == other.encoded

    @override
    def __hash__(self) -> int:
        """Hash the encoded definitions."""
        return hash(self.encoded)


NO_TOOLS = ToolSet(())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """Ask for one completion.

    Attributes:
        messages: in the field's form, `{"role": ..., "content": ...}`, content text or parts.
        tools: what the model may call; empty for models that answer in text.
        temperature: None leaves the provider's default.
        max_tokens: upper bound of the answer.
        seed: for providers that honour it.
        timeout_s: how long one attempt may take.
        labels: opaque correlation (scenario, trial); never sent to a provider.
    """

    messages: tuple[JsonObject, ...]
    tools: ToolSet = NO_TOOLS
    temperature: float | None = 0.0
    max_tokens: int = 1024
    seed: int | None = None
    timeout_s: float = 60.0
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """Repeat one call as the model wrote it; `arguments` is unparsed text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """Count tokens as the provider reported them."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0

    def plus(self, other: TokenUsage) -> TokenUsage:
        """Add two counts."""
        return TokenUsage(
            prompt=self.prompt + other.prompt,
            completion=self.completion + other.completion,
            cached=self.cached + other.cached,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Answer a request.

    Attributes:
        text: the message's text; may be empty next to tool calls.
        tool_calls: in the order in which the model made them.
        finish_reason: as the provider says (`stop`, `tool_calls`, `length`, `content_filter`).
        usage: tokens.
        cost_micros: millionths of a US dollar; None when no price is known; 0 for offline models.
        model: the model that really answered, as the provider names it.
        refusal: the provider's own refusal text, if it sent one.
    """

    text: str
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str
    usage: TokenUsage
    cost_micros: int | None
    model: str
    refusal: str = ""


class ModelFault(StrEnum):
    """Say what went wrong between us and the model, and so whether trying again helps."""

    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    SERVER = "server"
    MALFORMED = "malformed"
    UNAUTHORIZED = "unauthorized"
    BAD_REQUEST = "bad_request"
    UNAVAILABLE = "unavailable"

    @property
    def may_retry(self) -> bool:
        """Say whether the same request may succeed later."""
        return self in _RETRYABLE


_RETRYABLE = frozenset(
    {
        ModelFault.RATE_LIMITED,
        ModelFault.TIMEOUT,
        ModelFault.CONNECTION,
        ModelFault.SERVER,
        ModelFault.MALFORMED,
    }
)


class ModelError(Exception):
    """A request that got no usable answer: an infrastructure fault, not a bad plan."""

    def __init__(
        self, fault: ModelFault, *, model: str, detail: str, retry_after_s: float | None = None
    ) -> None:
        """Name the fault, the model, what was seen, and when the provider allows a retry."""
        self.fault = fault
        self.model = model
        self.detail = detail
        self.retry_after_s = retry_after_s
        super().__init__(f"{model}: {fault.value}: {detail}")


class ChatModel(Protocol):
    """Complete chats; safe to use from many tasks at once."""

    @property
    def name(self) -> str:
        """Return the reference that the model was opened by."""
        ...

    @property
    def offline(self) -> bool:
        """Say whether the model answers inside this process, for nothing."""
        ...

    @property
    def native_tools(self) -> bool:
        """Say whether the model takes tools; others answer in JSON text."""
        ...

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request, once; retrying is the caller's.

        Raises:
            ModelError: no usable answer came.
        """
        ...

    async def close(self) -> None:
        """Release connections; further requests are an error."""
        ...
