"""Bound what a request to a model may take, before it is sent.

A token of a byte-level vocabulary stands for one byte at least, so that bytes bound tokens from
above, whatever the text is. What providers put around it is covered by fixed sums.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

from runtime.domain.model_budget import Spend
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.chat_model import ChatRequest, Completion, TokenUsage
from runtime.ports.model_reference import Price

MESSAGE_TOKENS: Final = 32
"""For the frame of a message, the names of its parts, and the answer's beginning."""
TOOL_TOKENS: Final = 64
"""For the frame of a tool."""
TOOLS_TOKENS: Final = 1_024
"""For the instructions that some put before tools: about 500 tokens at most."""
IMAGE_TOKENS: Final = 50_000
"""More than the dearest published rule asks for an image: 8 tiles of 5,667 and 2,833 tokens."""
DOCUMENT_TOKENS: Final = 500_000
"""More than 100 pages, the usual limit of a request, each as an image and as text."""
QUICK_LETTERS: Final = 50_000
"""As many letters beyond ASCII are bounded within some milliseconds."""
_FOLDED_AT_ONCE: Final = 65_536
"""Letters; who folds a long text lets others work in between."""


def estimated_usage(request: ChatRequest) -> TokenUsage:
    """Return how many tokens a request takes at most: its prompt, and the longest answer."""
    prompt = sum(MESSAGE_TOKENS + _message_tokens(message) for message in request.messages)
    return TokenUsage(prompt=prompt + _tools_tokens(request), completion=request.max_tokens)


def bounded_quickly(request: ChatRequest) -> bool:
    """Say whether `estimated_usage` of a request holds no event loop up; ASCII takes no time."""
    return sum(map(_letters, request.messages)) <= QUICK_LETTERS


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


def most_tokens(text: str) -> int:
    """Return how many tokens a text has at most: by its bytes, in the longer of two spellings.

    Some vocabularies read a text in its folded form (NFKC), in which one sign may be many.

    >>> most_tokens("abc"), most_tokens("\N{BLACK HEART SUIT}")
    (3, 3)
    """
    if text.isascii():
        return len(text)
    folded = sum(
        _size(unicodedata.normalize("NFKC", text[at : at + _FOLDED_AT_ONCE]))
        for at in range(0, len(text), _FOLDED_AT_ONCE)
    )
    return max(_size(text), folded)


def _size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _message_tokens(message: JsonObject) -> int:
    content = message.get("content")
    if not isinstance(content, list | tuple):
        return _tokens(message)
    rest = {name: value for name, value in message.items() if name != "content"}
    return _tokens(rest) + sum(map(_part_tokens, content))


def _part_tokens(part: JsonObject) -> int:
    """Bound a part: an image by the dearest rule, a document by its pages or all of its bytes."""
    kind = part.get("type")
    if kind == "image_url":
        return IMAGE_TOKENS
    return _tokens(part) if kind == "text" else max(DOCUMENT_TOKENS, _tokens(part))


def _tools_tokens(request: ChatRequest) -> int:
    tools = request.tools
    if not tools:
        return 0
    frames = TOOLS_TOKENS + TOOL_TOKENS * len(tools.definitions)
    return frames + most_tokens(tools.encoded.decode())


def _tokens(value: JsonValue) -> int:
    """Bound all texts within a value, and the names of its members."""
    if isinstance(value, str):
        return most_tokens(value)
    if isinstance(value, Mapping):
        return sum(most_tokens(name) + _tokens(item) for name, item in value.items())
    if isinstance(value, list | tuple):
        return sum(map(_tokens, value))
    return 0 if value is None else most_tokens(str(value))


def _letters(value: JsonValue) -> int:
    """Count the letters of all texts within a value that are not of ASCII alone."""
    if isinstance(value, str):
        return 0 if value.isascii() else len(value)
    if isinstance(value, Mapping):
        return sum(map(_letters, value.values()))
    return sum(map(_letters, value)) if isinstance(value, list | tuple) else 0
