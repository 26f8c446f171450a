"""Tests of models whose keys are read when they are asked, with a real server of completions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from runtime.bootstrap.keyed_models import (
    KEYS_OPEN,
    KeyedModel,
    ModelKeys,
    open_keyed_model,
    read_model_keys,
)
from runtime.domain.errors import SecretMalformedError, SecretMissingError
from runtime.domain.secret_reference import read_reference
from runtime.ports.chat_model import (
    ChatModel,
    ChatRequest,
    Completion,
    ModelError,
    ModelFault,
    TokenUsage,
)
from runtime.services.secrets.classes import FRESH_S
from runtime.services.secrets.reader import HELD_OFF_S
from runtime.services.secrets.wishes import Wish
from runtime.settings import SettingsError
from tests.secret_keeping import Keeping, a_keeping, down
from tests.servers.openai_stub import openai_stub

WISH = Wish(reference=read_reference("vault://kv/shop/openai#key"), why="models of openai")
ASKED = ChatRequest(messages=({"role": "user", "content": "Hello"},))


@dataclass(kw_only=True)
class Provider:
    """Take one key at a time: the models that were opened with another one are refused."""

    key: str
    fault: ModelFault = ModelFault.UNAUTHORIZED
    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, key: str) -> ChatModel:
        """Open a model with a key."""
        self.opened.append(key)
        return _Model(self, key)


class _Model:
    def __init__(self, provider: Provider, key: str) -> None:
        self._provider = provider
        self._key = key

    name = "openai/gpt"
    offline = False
    native_tools = True

    async def complete(self, request: ChatRequest) -> Completion:
        self._provider.asked.append(self._key)
        if self._key != self._provider.key:
            raise ModelError(self._provider.fault, model=self.name, detail="no")
        return Completion(
            text="Hi",
            tool_calls=(),
            model="gpt",
            finish_reason="stop",
            usage=TokenUsage(prompt=1, completion=1),
            cost_micros=None,
        )

    async def close(self) -> None:
        self._provider.closed.append(self._key)


@asynccontextmanager
async def a_model() -> AsyncIterator[tuple[KeyedModel, Provider, Keeping]]:
    """Open a model whose key is kept elsewhere."""
    keeping, provider = a_keeping(openai="key-1"), Provider(key="key-1")
    model = await KeyedModel.opened(keeping.reader, WISH, provider.open)
    yield model, provider, keeping
    await model.close()


async def test_a_model_is_asked_with_the_key_that_is_kept() -> None:
    """It is opened once for each key, and says what it is."""
    async with a_model() as (model, provider, _):
        assert (await model.complete(ASKED)).text == "Hi"
        assert (await model.complete(ASKED)).text == "Hi"
        assert (model.name, model.offline, model.native_tools) == ("openai/gpt", False, True)
    assert (provider.opened, provider.closed) == (["key-1"], ["key-1"])


async def test_a_rotated_key_needs_no_new_start() -> None:
    """The provider refuses the old one at once; whoever asks notices nothing."""
    async with a_model() as (model, provider, keeping):
        await model.complete(ASKED)
        for number in range(2, 6):
            provider.key = f"key-{number}"
            keeping.provider.values["kv/shop/openai"] = (provider.key, str(number))
            assert (await model.complete(ASKED)).text == "Hi"
        assert provider.opened == [f"key-{number}" for number in range(1, 6)]
        assert len(provider.closed) == 5 - KEYS_OPEN
    assert sorted(provider.closed) == sorted(provider.opened)


async def test_a_key_that_is_no_older_than_its_keeper_knows_is_refused() -> None:
    """The provider's own words are what the caller gets."""
    async with a_model() as (model, provider, _):
        provider.key = "key-2"
        with pytest.raises(ModelError) as raised:
            await model.complete(ASKED)
    assert raised.value.fault is ModelFault.UNAUTHORIZED
    assert provider.asked == ["key-1"]


async def test_another_fault_has_nothing_to_do_with_the_key() -> None:
    """Nobody is asked for a newer one."""
    async with a_model() as (model, provider, keeping):
        provider.key, provider.fault = "key-2", ModelFault.RATE_LIMITED
        keeping.provider.values["kv/shop/openai"] = ("key-2", "2")
        with pytest.raises(ModelError) as raised:
            await model.complete(ASKED)
        assert len(keeping.provider.fetched) == 1
    assert raised.value.fault is ModelFault.RATE_LIMITED


async def test_without_a_keeper_a_model_is_asked_while_its_key_may_serve() -> None:
    """An hour later it is not there."""
    async with a_model() as (model, _, keeping):
        keeping.provider.fails = down
        _pass(keeping, FRESH_S)
        assert (await model.complete(ASKED)).text == "Hi"
        _pass(keeping, 3_600)
        with pytest.raises(ModelError, match="its key can't be read") as raised:
            await model.complete(ASKED)
    assert raised.value.fault is ModelFault.UNAVAILABLE
    assert "vault" not in str(raised.value)


async def test_a_key_that_is_no_text_is_a_fault_of_the_model() -> None:
    """Whoever asks hears it in the way that models fail, and nothing of the key."""
    async with a_model() as (model, provider, keeping):
        keeping.provider.values["kv/shop/openai"] = (b"\xff", "2")
        _pass(keeping, FRESH_S)
        with pytest.raises(ModelError, match="secret_malformed") as raised:
            await model.complete(ASKED)
    assert raised.value.fault is ModelFault.UNAVAILABLE
    assert provider.asked == []


async def test_an_outage_of_its_keeper_keeps_no_model_from_being_opened() -> None:
    """Whoever starts serves all else; the model answers once its key can be read."""
    keeping, provider = a_keeping(openai="key-1"), Provider(key="key-1")
    keeping.provider.fails = down
    model = await KeyedModel.opened(keeping.reader, WISH, provider.open)
    with pytest.raises(ModelError, match="its key can't be read"):
        await model.complete(ASKED)

    keeping.provider.fails = None
    _pass(keeping, HELD_OFF_S)
    assert (await model.complete(ASKED)).text == "Hi"
    await model.close()
    assert provider.asked == ["key-1"]
    assert sorted(provider.closed) == sorted(provider.opened)


async def test_a_first_key_that_is_no_text_is_malformed() -> None:
    """Whoever starts learns at once which reference it is."""
    keeping = a_keeping()
    keeping.provider.values["kv/shop/openai"] = (b"\xff", "1")
    with pytest.raises(SecretMalformedError, match="vault://kv/shop/openai"):
        await KeyedModel.opened(keeping.reader, WISH, Provider(key="key-1").open)


def _pass(keeping: Keeping, seconds: float) -> None:
    keeping.clock.advance(timedelta(seconds=seconds))


async def test_the_key_of_its_provider_goes_to_a_model_and_nowhere_else() -> None:
    """What stands at an address of its own, or names a variable, never gets it."""
    keeping = a_keeping(openai="key-1")
    keys = read_model_keys({"openai": WISH.reference.text()}, reader=keeping.reader)
    async with openai_stub() as stub:
        own = f"openai/text?transport=http&api_base={stub.base}"
        for reference, environ in (
            (own, {}),
            (own + "&api_key_env=OWN", {"OWN": "own-key"}),
        ):
            model = await open_keyed_model(
                reference, environ=environ, offline_providers={}, keys=keys
            )
            await model.complete(ASKED)
            await model.close()
    assert [headers.get("Authorization") for headers in stub.headers] == [None, "Bearer own-key"]
    assert keeping.provider.fetched == []


async def test_a_provider_with_a_key_here_needs_none_in_the_environment() -> None:
    """And one whose key is not to be had is found at the start."""
    keeping = a_keeping(openai="key-1")
    keys = read_model_keys({"openai": WISH.reference.text()}, reader=keeping.reader)
    model = await open_keyed_model(
        "openai/gpt-4o-mini?transport=http", environ={}, offline_providers={}, keys=keys
    )
    assert isinstance(model, KeyedModel)
    await model.close()
    assert keeping.provider.fetched == [WISH.reference.text()]

    keeping = a_keeping(other="x")
    missing = read_model_keys({"openai": WISH.reference.text()}, reader=keeping.reader)
    with pytest.raises(SecretMissingError):
        await open_keyed_model(
            "openai/gpt-4o-mini?transport=http", environ={}, offline_providers={}, keys=missing
        )
    with pytest.raises(ModelError, match="OPENAI_API_KEY"):
        await open_keyed_model(
            "openai/gpt-4o-mini?transport=http",
            environ={},
            offline_providers={},
            keys=ModelKeys(reader=keeping.reader, wishes={}),
        )


def test_a_key_that_is_no_reference_is_refused_and_not_repeated() -> None:
    """A key itself does not belong there."""
    with pytest.raises(SettingsError, match="PLANGATE_MODEL_KEYS, openai") as raised:
        read_model_keys({"openai": "sk-hunter2"}, reader=a_keeping().reader)
    assert "hunter2" not in str(raised.value)
