"""Estimate what a request to a model may take at most, before it is sent."""

from __future__ import annotations

from typing import Final

from runtime.domain.model_budget import Spend
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.chat_model import ChatRequest, Completion, TokenUsage
from runtime.ports.model_reference import Price

BYTES_A_TOKEN: Final = 3
"""Tokenizers pack about 4 of English and 3 of Chinese; what packs fewer is charged when settled."""
PART_TOKENS: Final = 8
"""For what stands around a message or a part of it."""
IMAGE_TOKENS: Final = 5_000
"""More than providers count for an image, whatever its size."""


def estimated_usage(request: ChatRequest) -> TokenUsage:
    """Return how many tokens a request may take: its prompt, and the longest answer."""
    prompt = sum(_tokens(message.get("content")) for message in request.messages)
    calls = sum(_calls(message) for message in request.messages)
    tools = -(-len(request.tools.encoded) // BYTES_A_TOKEN) if request.tools else 0
    return TokenUsage(prompt=prompt + calls + tools, completion=request.max_tokens)


def counted_usage(completion: Completion, estimate: TokenUsage) -> TokenUsage:
    """Return what a provider counted, or else an upper bound of it."""
    if completion.usage.prompt or completion.usage.completion:
        return completion.usage
    return estimate


def spend_of(usage: TokenUsage, price: Price | None) -> Spend:
    """Return what tokens take of budgets."""
    return Spend(
        tokens=usage.prompt + usage.completion,
        cost_micros=None if price is None else price.micros(usage),
    )


def _tokens(content: JsonValue) -> int:
    if isinstance(content, str):
        return PART_TOKENS - (-len(content.encode(errors="replace")) // BYTES_A_TOKEN)
    if isinstance(content, list | tuple):
        return sum(map(_part_tokens, content))
    return PART_TOKENS


def _part_tokens(part: JsonObject) -> int:
    """Count a part: an image by a bound, all else by its text, a file's base64 included."""
    if part.get("type") == "image_url":
        return IMAGE_TOKENS
    document = part.get("file") or {}
    return _tokens(part.get("text") or document.get("file_data") or "")


def _calls(message: JsonObject) -> int:
    calls = message.get("tool_calls") or ()
    return sum(
        _tokens(call["function"]["name"]) + _tokens(call["function"]["arguments"]) for call in calls
    )
