"""Organizations name the models that the operator offers, at addresses that it allows."""

from __future__ import annotations

import pytest

from runtime.domain.errors import ModelUseRefusedError
from runtime.domain.model_use import ModelUse
from runtime.services.models.addresses import BaseAddressError, read_base
from runtime.services.models.offers import Offers

OWN = "openai/inner?transport=http&api_base=http://10.0.0.5:8000/v1&api_key_env=INNER_KEY"
EXACT = "mistral/large?api_key_env=TEAM_KEY&price_in=1&price_out=2"
OFFERS = Offers(
    own=(OWN,),
    allowed=("openai/*", "anthropic/claude-haiku-4-5", EXACT),
    bases=(read_base("https://models.example:8443/v1"),),
)
BASE = "openai/own?transport=http&api_base="


@pytest.mark.parametrize(
    "reference",
    [
        OWN,
        EXACT,
        "openai/gpt-4o-mini",
        "openai/gpt-4o-mini?tools=json&temperature=0.5",
        "anthropic/claude-haiku-4-5",
        "anthropic/claude-haiku-4-5?tools=native",
        "plangate/keyword",
        "plangate/noisy-oracle?rate=0.2",
        f"{BASE}https://models.example:8443/v1",
        f"{BASE}https://models.example:8443/v1/team",
    ],
)
def test_what_is_offered_may_be_used(reference: str) -> None:
    """The operator's own as it stands, others with what is harmless."""
    assert OFFERS.refusal(reference) is None


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        pytest.param("openai", "can't be read", id="no reference"),
        pytest.param("groq/llama", "not offered", id="another provider"),
        pytest.param("anthropic/claude-opus-4", "not offered", id="another model"),
        pytest.param("openai.evil/gpt", "not offered", id="a provider that begins alike"),
        pytest.param("mistral/large", "not offered", id="an exact one without its options"),
        pytest.param("openai/x?api_key_env=INNER_KEY", "only an operator", id="a variable"),
        pytest.param("openai/x?price_in=0&price_out=0", "only an operator", id="a price"),
        pytest.param("openai/x?max_tokens=9999999", "only an operator", id="a longer answer"),
        pytest.param("openai/x?timeout_s=3600", "only an operator", id="more time"),
        pytest.param("openai/x?retries=20", "only an operator", id="more tries"),
        pytest.param("openai/x?connections=9999", "only an operator", id="more connections"),
        pytest.param("openai/http://10.0.0.1/x", "like an address", id="an address as a name"),
        pytest.param("openai/*", "like an address", id="all of a provider"),
        pytest.param("openai/..//x", "like an address", id="a way up as a name"),
        pytest.param(
            "openai/x?api_base=https://models.example:8443/v1",
            "without transport=http",
            id="an address that LiteLLM would follow",
        ),
    ],
)
def test_what_is_not_offered_is_refused(reference: str, problem: str) -> None:
    """With the reason, and what to do."""
    with pytest.raises(ModelUseRefusedError, match="an operator allows more by") as told:
        OFFERS.require(ModelUse(models=("openai/gpt-4o-mini", reference)))

    assert problem in str(told.value)
    assert told.value.where == "models/1"
    assert "offered: openai/*, anthropic/claude-haiku-4-5, mistral/large;" in str(told.value)
    assert "TEAM_KEY" not in str(told.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://models.example:8443/v1",
        "https://models.example/v1",
        "https://models.example:443/v1",
        "https://models.example:8443",
        "https://models.example:8443/v10",
        "https://models.example:8443/v1/../admin",
        "https://models.example:8443/v1/./x",
        "https://models.example:8443/v1//x",
        "https://models.example:8443/v1/%2e%2e/admin",
        "https://models.example:8443/V1",
        "https://models.example.evil:8443/v1",
        "https://models.example.:8443/v1",
        "https://MODELS.example:8443/v1",
        "https://models.example:8443@evil.example/v1",
        "https://models.example:8443%40evil.example/v1",
        "https://user@models.example:8443/v1",
        "https://user:key@models.example:8443/v1",
        "https://evil.example\\@models.example:8443/v1",
        "https://models.example:8443\\@evil.example/v1",
        "https://evil.example:8443/v1",
        "https://evil.example/https://models.example:8443/v1",
        "https://models.exаmple:8443/v1",  # noqa: RUF001  # a letter that looks alike
        "https://169.254.169.254/v1",
        "https://[::1]:8443/v1",
        "https://models.example:08443/v1",
        "https://models.example:8443;evil.example/v1",
    ],
)
def test_an_address_elsewhere_is_refused_in_every_spelling(address: str) -> None:
    """Another scheme, host, port or path, or one that could be read in two ways."""
    assert OFFERS.refusal(f"{BASE}{address}") is not None


def test_nothing_is_offered_by_default_but_what_answers_in_this_process() -> None:
    """And the platform's own."""
    offers = Offers(own=("openai/gpt-4o",))

    assert offers.usable(("openai/gpt-4o", "plangate/keyword", "openai/gpt-4o-mini")) == (
        "openai/gpt-4o",
        "plangate/keyword",
    )


@pytest.mark.parametrize(
    "text", ["ftp://x/v1", "https://", "https://a b/", "https://x:1:2/", "https://x/?q=1", "x"]
)
def test_a_base_that_is_no_plain_address_is_refused(text: str) -> None:
    """Whoever reads settings says so at the start."""
    with pytest.raises(BaseAddressError, match="no plain address"):
        read_base(text)


def test_usual_ports_may_be_left_out_and_a_base_covers_all_below_it() -> None:
    """Part by part."""
    base = read_base("https://models.example")

    assert base.covers(read_base("https://models.example:443/any/where"))
    assert not read_base("https://models.example/v1").covers(base)
