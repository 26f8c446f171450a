"""Models are opened on first use and stay open; what providers do wrong is bounded and charged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal

import pytest
import pytest_asyncio

from runtime.bootstrap.keyed_models import read_model_keys
from runtime.bootstrap.models import MOST_OPEN, OpenModels, read_offers
from runtime.domain.errors import ModelFaultError, ModelTooSlowError
from runtime.ports.chat_model import ChatRequest, ModelError, ModelFault
from runtime.ports.model_reference import FREE, Price
from runtime.services.models.offers import Offers
from runtime.settings import SettingsError
from runtime.settings.models import ModelOfferSettings
from runtime.store.session import Database
from tests.model_world import World, a_world
from tests.secret_keeping import a_keeping
from tests.servers.openai_stub import OpenAiStub, openai_stub

HELLO = ChatRequest(messages=({"role": "user", "content": "Hello"},))


@pytest_asyncio.fixture
async def stub() -> AsyncIterator[OpenAiStub]:
    """Serve scripted answers."""
    async with openai_stub() as server:
        yield server


def without_keys() -> OpenModels:
    """Lend models without any key."""
    return OpenModels(environ={}, keys=read_model_keys({}, reader=a_keeping().reader))


@pytest_asyncio.fixture
async def opened() -> AsyncIterator[OpenModels]:
    """Lend models without any key, and close them."""
    models = without_keys()
    yield models
    await models.close()


def at(stub: OpenAiStub, model: str, more: str = "&tools=json") -> str:
    """Return the reference of a model of the stub; two millionths of a dollar a token."""
    price = "&price_in=2&price_out=2"
    return f"openai/{model}?transport=http&api_base={stub.base}{price}{more}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Ask models of the stub for a project."""

    stub: OpenAiStub
    world: World

    async def use(self, *models: str, **settings: int) -> None:
        """Let the organization ask these models."""
        await self.world.say(models=[at(self.stub, model) for model in models], **settings)


BEHAVIOURS = (
    "refusal", "huge-body", "huge-stream", "hang", "html", "broken-json", "redirect", "drop",
    "limited", "thousand-calls", "too-many-calls", "status-400", "status-401", "status-500",
)  # fmt: skip


@pytest_asyncio.fixture
async def served(database: Database, opened: OpenModels, stub: OpenAiStub) -> AsyncIterator[Served]:
    """Let the operator allow what the stub can do."""
    allowed = tuple(at(stub, behaviour) for behaviour in BEHAVIOURS)
    async with AsyncExitStack() as stack:
        world = await a_world(database, stack, {}, offers=Offers(allowed=allowed), lender=opened)
        yield Served(stub=stub, world=world)


@pytest.mark.parametrize(
    "broken", ["limited", "status-500", "status-401", "drop", "html", "broken-json", "huge-body"]
)
async def test_another_model_answers_for_a_broken_one(served: Served, broken: str) -> None:
    """Over real connections: a limit, an outage, a wrong key, garbage, or too much of it."""
    await served.use(broken, "refusal")

    asked = await served.world.ask()

    assert asked.proposed.model == "refusal-2026"
    assert (served.stub.served[broken], served.stub.served["refusal"]) == (1, 1)


async def test_no_redirect_is_followed_and_nobody_else_is_asked(served: Served) -> None:
    """It is no outage: somebody named the wrong address."""
    await served.use("redirect", "refusal")

    with pytest.raises(ModelFaultError, match="redirects are not followed"):
        await served.world.ask()

    assert served.stub.served == {"redirect": 1}


@pytest.mark.parametrize("endless", ["hang", "huge-stream", "huge-body", "too-many-calls"])
async def test_what_never_ends_is_ended_and_charged(served: Served, endless: str) -> None:
    """By time, or by bytes; a provider may want to be paid for it."""
    await served.use(endless, timeout_s=1, max_tokens=100)

    with pytest.raises((ModelFaultError, ModelTooSlowError)):
        await served.world.ask()

    tokens, cost, *reserved = await served.world.used()
    assert tokens > 100
    assert cost == 2 * tokens
    assert reserved == [0, 0]


async def test_an_outage_is_charged_nothing(served: Served) -> None:
    """The provider did no work."""
    await served.use("status-500")

    with pytest.raises(ModelFaultError, match="stub says 500"):
        await served.world.ask()

    assert await served.world.used() == (0, 0, 0, 0)


async def test_a_thousand_calls_are_too_many_and_charged_as_counted(served: Served) -> None:
    """No plan comes of them, and no crash."""
    await served.use("thousand-calls")

    asked = await served.world.ask()

    assert asked.proposed.proposal is None
    assert (await served.world.used())[0] == 120 * asked.proposed.calls


async def test_a_model_is_opened_once_however_many_ask(
    opened: OpenModels, stub: OpenAiStub
) -> None:
    """It stays open for those who come later."""
    found = []

    async def ask() -> None:
        async with opened.lent(at(stub, "text")) as model:
            found.append(model)
            await model.complete(HELLO)

    async with asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(ask())
    await ask()

    assert len({id(model) for model in found}) == 1


async def test_a_model_that_is_lent_is_not_closed(opened: OpenModels, stub: OpenAiStub) -> None:
    """Those that nobody uses are, once there are too many."""
    async with opened.lent(at(stub, "text")) as kept:
        for number in range(MOST_OPEN + 2):
            async with opened.lent(at(stub, f"model-{number}")) as model:
                await model.complete(HELLO)
        assert (await kept.complete(HELLO)).text == "You said: Hello"
    async with opened.lent(at(stub, "model-0")) as again:
        assert (await again.complete(HELLO)).text == "You said: Hello"


async def test_an_idle_model_is_closed_when_there_are_too_many(
    opened: OpenModels, stub: OpenAiStub
) -> None:
    """The one that was lent the longest ago."""
    async with opened.lent(at(stub, "first")) as first:
        pass
    for number in range(MOST_OPEN):
        async with opened.lent(at(stub, f"model-{number}")):
            pass

    with pytest.raises(ModelError, match="the model is closed"):
        await first.complete(HELLO)


async def test_a_model_that_can_not_be_opened_is_a_fault_and_tried_again(
    opened: OpenModels,
) -> None:
    """Another one may answer meanwhile."""
    for reference in ("plangate/absent", "plangate/absent"):
        with pytest.raises(ModelError) as told:
            async with opened.lent(reference):
                raise AssertionError
        assert told.value.fault is ModelFault.UNAVAILABLE


async def test_a_model_without_a_key_says_which_variable_to_set(opened: OpenModels) -> None:
    """As a fault that another model may make good."""
    with pytest.raises(ModelError, match="OPENAI_API_KEY") as told:
        async with opened.lent("openai/gpt-4o-mini?transport=http"):
            raise AssertionError

    assert told.value.fault is ModelFault.UNAUTHORIZED


async def test_a_key_that_can_not_be_read_is_a_fault(stub: OpenAiStub) -> None:
    """Of a model by the usual address, whose key is kept elsewhere."""
    models = OpenModels(
        environ={},
        keys=read_model_keys({"openai": "vault://kv/absent#key"}, reader=a_keeping().reader),
    )

    with pytest.raises(ModelError, match="secret_missing"):
        async with models.lent("openai/gpt-4o-mini?transport=http"):
            raise AssertionError
    await models.close()
    assert stub.requests == []


async def test_prices_are_known_by_the_reference_or_not_at_all(
    opened: OpenModels, stub: OpenAiStub
) -> None:
    """What answers in this process costs nothing."""
    priced = await opened.price(at(stub, "text"))

    assert priced is not None
    assert priced == Price(prompt=Decimal(2), completion=Decimal(2))
    assert await opened.price(f"openai/text?transport=http&api_base={stub.base}") is None
    assert await opened.price("plangate/keyword") == FREE


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (ModelOfferSettings(allowed=("openai",)), "PLANGATE_MODELS_ALLOWED: "),
        (ModelOfferSettings(bases=("ftp://x",)), "PLANGATE_MODEL_BASES: an entry is no plain"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: ModelOfferSettings, message: str) -> None:
    """With the variable's name, when the platform starts."""
    with pytest.raises(SettingsError, match=message):
        read_offers(settings, own="")


def test_settings_become_what_is_offered() -> None:
    """With the platform's own model."""
    settings = ModelOfferSettings(
        allowed=("openai/*", "groq/llama"), bases=("https://models.example",)
    )

    offers = read_offers(settings, own="openai/own")

    assert offers.own == ("openai/own",)
    assert offers.refusal("groq/llama") is None
    assert offers.refusal("openai/x?transport=http&api_base=https://models.example/v1") is None
    assert read_offers(ModelOfferSettings(), own="").own == ()
