"""An estimate counts all that a request holds, before it is sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from runtime.domain.model_budget import Spend
from runtime.kit.json_value import JsonValue
from runtime.ports.chat_model import ChatRequest, Completion, TokenUsage, ToolSet
from runtime.ports.model_reference import Price
from runtime.services.models.estimates import (
    IMAGE_TOKENS,
    PART_TOKENS,
    counted_usage,
    estimated_usage,
    spend_of,
)


def a_request(*contents: JsonValue, tools: tuple[dict[str, str], ...] = ()) -> ChatRequest:
    """Build a request of these messages."""
    messages = tuple({"role": "user", "content": content} for content in contents)
    return ChatRequest(messages=messages, tools=ToolSet(tools), max_tokens=50)


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        pytest.param("", PART_TOKENS, id="nothing"),
        pytest.param("abcd", PART_TOKENS + 2, id="rounded up"),
        pytest.param("温度设为三", PART_TOKENS + 5, id="Chinese: one a letter"),
        pytest.param("\ud800", PART_TOKENS + 1, id="half a character"),
        pytest.param([{"type": "text", "text": "abc"}], PART_TOKENS + 1, id="a part"),
        pytest.param([{"type": "image_url", "image_url": {"url": "x"}}], IMAGE_TOKENS, id="image"),
        pytest.param(
            [{"type": "file", "file": {"file_data": "a" * 30}}], PART_TOKENS + 10, id="a file"
        ),
    ],
)
def test_each_message_counts(content: JsonValue, tokens: int) -> None:
    """Text by its bytes, an image by a bound, a file by its base64."""
    assert estimated_usage(a_request(content)) == TokenUsage(prompt=tokens, completion=50)


def test_tools_and_repeated_calls_count() -> None:
    """They are a part of the prompt."""
    bare = estimated_usage(a_request("a")).prompt
    tooled = estimated_usage(a_request("a", tools=({"type": "function"},))).prompt
    call = {"function": {"name": "counter_set", "arguments": '{"value":3}'}}
    request = ChatRequest(
        messages=({"role": "assistant", "content": None, "tool_calls": [call]},), max_tokens=50
    )

    assert tooled - bare == 7  # of 21 bytes
    assert estimated_usage(request).prompt == 3 * PART_TOKENS + 4 + 4


def test_what_a_provider_counted_takes_the_place_of_the_estimate() -> None:
    """One that counts nothing is not believed."""
    estimate = TokenUsage(prompt=9, completion=9)

    def completion(usage: TokenUsage) -> Completion:
        return Completion(
            text="", tool_calls=(), finish_reason="stop", usage=usage, cost_micros=None, model="m"
        )

    counted = TokenUsage(prompt=1, completion=0)
    assert counted_usage(completion(counted), estimate) == counted
    assert counted_usage(completion(TokenUsage()), estimate) is estimate


def test_a_spend_is_priced_by_kind_and_rounded_up() -> None:
    """Without a price, its cost is unknown."""
    usage = TokenUsage(prompt=3, completion=2, cached=1)
    price = Price(prompt=Decimal("0.15"), completion=Decimal("0.6"))

    assert spend_of(usage, price) == Spend(tokens=5, cost_micros=2)
    assert spend_of(usage, None) == Spend(tokens=5, cost_micros=None)
