"""An estimate counts all that a request holds, before it is sent."""

from __future__ import annotations

import unicodedata
from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from runtime.domain.model_budget import Spend
from runtime.kit.json_value import JsonValue
from runtime.ports.chat_model import ChatRequest, Completion, TokenUsage, ToolSet
from runtime.ports.model_reference import Price
from runtime.services.models.estimates import (
    DOCUMENT_TOKENS,
    IMAGE_TOKENS,
    MESSAGE_TOKENS,
    QUICK_LETTERS,
    TOOL_TOKENS,
    TOOLS_TOKENS,
    bounded_quickly,
    counted_usage,
    estimated_usage,
    most_tokens,
    spend_of,
)


def a_request(*contents: JsonValue, tools: tuple[dict[str, str], ...] = ()) -> ChatRequest:
    """Build a request of these messages."""
    messages = tuple({"role": "user", "content": content} for content in contents)
    return ChatRequest(messages=messages, tools=ToolSet(tools), max_tokens=50)


@pytest.mark.parametrize(
    ("content", "least"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param("abcd", 4, id="a token a letter"),
        pytest.param("温度设为三", 15, id="Chinese: a token a byte"),
        pytest.param("\ufdfa" * 100, 3_300, id="a sign that a vocabulary spells out"),
        pytest.param("\ud800", 3, id="half a character"),
        pytest.param([{"type": "text", "text": "abc"}], 3, id="a part"),
        pytest.param([{"type": "image_url", "image_url": {"url": "x"}}], IMAGE_TOKENS, id="image"),
        pytest.param([{"type": "file", "file": {"file_data": "a"}}], DOCUMENT_TOKENS, id="a file"),
        pytest.param(
            [{"type": "file", "file": {"file_data": "a" * (DOCUMENT_TOKENS + 1)}}],
            DOCUMENT_TOKENS + 1,
            id="a large file",
        ),
    ],
)
def test_each_message_counts(content: JsonValue, least: int) -> None:
    """Text by its bytes, an image by a bound, a file by its pages or its base64."""
    usage = estimated_usage(a_request(content))

    assert least <= usage.prompt <= least + MESSAGE_TOKENS + 64
    assert usage.completion == 50


def test_an_image_is_not_counted_by_the_length_of_its_spelling() -> None:
    """A large photograph takes no more than a small one."""
    image = {"type": "image_url", "image_url": {"url": "data:" + "x" * 1_000_000}}

    assert estimated_usage(a_request([image])).prompt < IMAGE_TOKENS + 100


def test_tools_and_repeated_calls_count() -> None:
    """They are a part of the prompt."""
    bare = estimated_usage(a_request("a")).prompt
    tooled = estimated_usage(a_request("a", tools=({"type": "function"},))).prompt
    call = {"function": {"name": "counter_set", "arguments": "y" * 500}}
    request = ChatRequest(
        messages=({"role": "assistant", "content": None, "tool_calls": [call]},), max_tokens=50
    )

    assert tooled - bare == TOOLS_TOKENS + TOOL_TOKENS + 21
    assert estimated_usage(request).prompt > 511


@pytest.fixture(scope="module")
def tokenizers() -> dict[str, Callable[[str], int]]:
    """Return what counts tokens as providers do, of the vocabularies that are installed."""
    found = find_spec("litellm")
    assert found is not None
    assert found.submodule_search_locations is not None
    folder = Path(found.submodule_search_locations[0], "litellm_core_utils", "tokenizers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
        encodings = [tiktoken.get_encoding(name) for name in ("cl100k_base", "o200k_base")]
    folding = Tokenizer.from_file(str(folder / "anthropic_tokenizer.json"))
    return {
        **{it.name: partial(_encoded, it) for it in encodings},
        "one that folds": lambda text: len(folding.encode(text).ids),
    }


def _encoded(encoding: tiktoken.Encoding, text: str) -> int:
    return len(encoding.encode(text, disallowed_special=()))


TEXTS = st.one_of(
    st.text(max_size=300),
    st.binary(max_size=300).map(lambda data: b64encode(data).decode()),
    st.binary(max_size=300).map(lambda data: data.decode("latin-1")),
    st.text("温度设为三中日本語ｱﾊﾟｰﾄ㍿\ufdfa", max_size=100),
    st.text("👩‍🔧🏽‍❤️é🇩🇪\u200d\ufe0f", max_size=100),
    st.text(" \t\n\r\u00a0\u3000", max_size=300),
    st.text('{}[]\\",:0123456789', max_size=300),
)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_no_tokenizer_counts_more_than_the_bound(
    tokenizers: dict[str, Callable[[str], int]], text: str
) -> None:
    """Base64, Chinese, emoji, blanks, random bytes: real vocabularies never pass it."""
    most = most_tokens(text)

    assert {name: count(text) for name, count in tokenizers.items() if count(text) > most} == {}


@given(text=st.text("a\ufdfaé", min_size=1, max_size=50))
def test_a_long_text_is_bounded_by_pieces(text: str) -> None:
    """As one is that is folded at once; what would be joined where pieces meet only adds to it."""
    assert most_tokens(text * 5_000) >= len(unicodedata.normalize("NFKC", text * 5_000).encode())


@pytest.mark.parametrize(
    ("contents", "quickly"),
    [
        pytest.param(["a" * 20_000_000], True, id="any length of ASCII"),
        pytest.param(["温" * QUICK_LETTERS], True, id="as many others"),
        pytest.param(["温" * QUICK_LETTERS, "温"], False, id="one more, in another message"),
        pytest.param([[{"type": "text", "text": "温" * 2 * QUICK_LETTERS}]], False, id="in a part"),
    ],
)
def test_what_takes_long_is_known_beforehand(contents: list[JsonValue], *, quickly: bool) -> None:
    """Only letters beyond ASCII are spelled and folded; they are counted wherever they stand."""
    assert bounded_quickly(a_request(*contents)) is quickly


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
