"""A model reference is read strictly and never repeats what could be a key."""

from __future__ import annotations

from decimal import Decimal

import pytest

from runtime.ports.chat_model import ChatRequest, TokenUsage
from runtime.ports.model_reference import (
    ModelReferenceError,
    ModelSettings,
    ToolMode,
    Transport,
    parse_model_reference,
)

FULL = (
    "openai/my-model?transport=http&api_base=http://127.0.0.1:9001/v1&api_key_env=TEAM_KEY"
    "&tools=json&temperature=0.2&max_tokens=512&timeout_s=30&retries=2&connections=64"
    "&price_in=0.15&price_out=0.60"
)
REQUEST = ChatRequest(messages=({"role": "user", "content": "hi"},))


def test_plain_reference_has_default_settings() -> None:
    """A model without options is reached through LiteLLM, as its provider says."""
    reference = parse_model_reference("huggingface/meta/llama-3:free")

    assert (reference.provider, reference.model_name) == ("huggingface", "meta/llama-3:free")
    assert reference.settings == ModelSettings()
    assert not reference.offline


def test_every_option_is_read() -> None:
    """All options together give the settings that they name."""
    assert parse_model_reference(FULL).settings == ModelSettings(
        transport=Transport.HTTP,
        tools=ToolMode.JSON,
        api_base="http://127.0.0.1:9001/v1",
        api_key_env="TEAM_KEY",
        temperature=0.2,
        max_tokens=512,
        timeout_s=30.0,
        retries=2,
        connections=64,
        price_in=Decimal("0.15"),
        price_out=Decimal("0.60"),
    )


def test_offline_options_are_free() -> None:
    """A handler of ours gets its options as written; only `tools` has a shared meaning."""
    reference = parse_model_reference("plangate/noisy-oracle?rate=0.2&seed=3&tools=json")

    assert reference.offline
    assert dict(reference.options) == {"rate": "0.2", "seed": "3", "tools": "json"}
    assert reference.settings == ModelSettings(tools=ToolMode.JSON)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "expected provider/model", id="empty"),
        pytest.param("gpt-4o", "expected provider/model", id="no provider"),
        pytest.param("openai/", "expected provider/model", id="no model"),
        pytest.param("openai/a b", "expected provider/model", id="a space"),
        pytest.param("openai/a?colour=red", "unknown option 'colour'; known: api_base", id="name"),
        pytest.param("openai/a?tools", "name=value", id="no value"),
        pytest.param("openai/a?retries=1&retries=2", "'retries' is given twice", id="twice"),
        pytest.param("openai/a?tools=yes", "one of native, json, auto", id="tools"),
        pytest.param("openai/a?transport=grpc", "one of litellm, http", id="transport"),
        pytest.param("openai/a?temperature=hot", "a number from 0 to 2", id="not a number"),
        pytest.param("openai/a?temperature=2.1", "a number from 0 to 2", id="too hot"),
        pytest.param("openai/a?price_in=NaN&price_out=1", "a number from", id="price NaN"),
        pytest.param("openai/a?price_in=-1&price_out=1", "a number from", id="price negative"),
        pytest.param("openai/a?timeout_s=0", "a number from 0.001", id="no time"),
        pytest.param("openai/a?max_tokens=0", "a whole number from 1", id="no tokens"),
        pytest.param("openai/a?retries=21", "a whole number from 0 to 20", id="too many"),
        pytest.param("openai/a?retries=1.5", "a whole number", id="half a retry"),
        pytest.param("openai/a?price_in=1", "only one of price_in", id="half a price"),
        pytest.param("openai/a?price_out=1", "only one of price_in", id="other half"),
        pytest.param("own/a?transport=http", "needs api_base", id="where"),
        pytest.param("openai/a?api_base=ftp://host/v1", "no web address", id="scheme"),
        pytest.param("openai/a?api_base=http:///v1", "no web address", id="no host"),
        pytest.param("openai/a?api_base=http://h/v1%20", "no web address", id="blank"),
        pytest.param("openai/a?api_base=http://h/v1%3Fk%3D1", "query or a fragment", id="query"),
        pytest.param("openai/a?api_base=http://h/v1%23k", "query or a fragment", id="fragment"),
        pytest.param("plangate/oracle?tools=yes", "one of native, json, auto", id="offline tools"),
    ],
)
def test_wrong_reference_is_refused_with_what_was_expected(text: str, says: str) -> None:
    """Each mistake is named."""
    with pytest.raises(ModelReferenceError, match=says):
        parse_model_reference(text)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("sk-proj-abcdefghijklmnop", id="OpenAI"),
        pytest.param("gsk_abcdefghijklmnop", id="lower case"),
        pytest.param("AKIAIOSFODNN7EXAMPLE", id="AWS"),
        pytest.param("0123456789ABCDEF0123456789ABCDEF", id="hexadecimal"),
        pytest.param("ABCDEF0123456789ABCDEF0123456789", id="hexadecimal from a letter"),
        pytest.param("AIzaSyA-1234", id="Google"),
    ],
)
@pytest.mark.parametrize("option", ["api_key_env", "api_key"])
def test_key_in_a_reference_is_refused_and_not_repeated(option: str, key: str) -> None:
    """What looks like a key is refused without showing it."""
    with pytest.raises(ModelReferenceError) as caught:
        parse_model_reference(f"openai/a?{option}={key}")

    assert key not in str(caught.value)


@pytest.mark.parametrize("password", ["pw", "p%40w", "p@w@"])
def test_safe_text_has_no_credentials(password: str) -> None:
    """The name for reports leaves the user and password of an address out."""
    base = f"https://me:{password}@host/v1"
    reference = parse_model_reference(f"openai/a?api_base={base}&tools=json")

    assert reference.safe_text == "openai/a?api_base=https://host/v1&tools=json"
    assert parse_model_reference(reference.safe_text).settings.tools is ToolMode.JSON


@pytest.mark.parametrize("text", ["openai/a", FULL, "plangate/oracle?rate=1"])
def test_safe_text_of_a_harmless_reference_is_itself(text: str) -> None:
    """Nothing else is rewritten."""
    assert parse_model_reference(text).safe_text == text


def test_numbers_of_the_reference_win() -> None:
    """The request takes the reference's numbers where there are any, zero included."""
    applied = parse_model_reference("openai/a?temperature=0&timeout_s=5").applied_to(REQUEST)

    assert (applied.temperature, applied.timeout_s, applied.max_tokens) == (0.0, 5.0, 1024)
    assert parse_model_reference("openai/a").applied_to(REQUEST) is REQUEST


@pytest.mark.parametrize(
    ("prompt", "completion", "micros"),
    [
        pytest.param(0, 0, 0, id="nothing"),
        pytest.param(1, 0, 1, id="a part of a micro counts as one"),
        pytest.param(1_000_000, 0, 150_000, id="the price is per million"),
        pytest.param(100, 20, 27, id="exact sums are not rounded up"),
    ],
)
def test_cost_is_exact_and_rounded_up(prompt: int, completion: int, micros: int) -> None:
    """Prices in dollars per million tokens are micros a token."""
    usage = TokenUsage(prompt=prompt, completion=completion, cached=prompt)

    assert parse_model_reference(FULL).cost_micros(usage) == micros


def test_cost_without_prices_is_unknown() -> None:
    """No price is not a price of zero."""
    assert parse_model_reference("openai/a").cost_micros(TokenUsage(prompt=5)) is None


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        pytest.param("openai/a", "openai/a", id="a model as it is"),
        pytest.param(
            "openai/a?transport=http&api_base=http://user:pw@10.0.0.1:1/v1&api_key_env=OWN_KEY"
            "&retries=2&price_in=1&price_out=2&tools=json&temperature=0.5",
            "openai/a?temperature=0.5&tools=json",
            id="only what shapes answers, in one order",
        ),
        pytest.param(
            "plangate/noisy-oracle?rate=0.2",
            "plangate/noisy-oracle?rate=0.2",
            id="every option of an offline model",
        ),
    ],
)
def test_an_identity_is_what_answers_and_not_where(text: str, identity: str) -> None:
    """Everybody may read it; two with the same one answer alike."""
    assert parse_model_reference(text).identity == identity
