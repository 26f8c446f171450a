"""Effects of a plugin get what it declares; the rest fails for good, by its name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import pytest
from typing_extensions import override

from runtime.domain.principal import Principal
from runtime.kit.clock import SystemClock
from runtime.plugins.capabilities import limited_effects, limited_tools
from runtime.plugins.contract import Capabilities, Capability, Plugin
from runtime.plugins.effects import (
    Effect,
    EffectCall,
    EffectResult,
    EffectTools,
    Egress,
    HttpAnswer,
    HttpCall,
    Mail,
    Mailer,
    Page,
    PageReader,
    PermanentError,
    Secret,
    SecretSource,
)
from runtime.ports.chat_model import ChatModel
from runtime.ports.page_reader import Gesture

Use: TypeAlias = Callable[[EffectTools], Awaitable[object]]
ALL = Capabilities(
    uses=frozenset(Capability), hosts=("vet.example.org", "*.eu.example.org"), secrets=("crm",)
)


@dataclass
class World(Egress, SecretSource, Mailer, PageReader):
    """Note what reaches the outside."""

    did: list[str] = field(default_factory=list)

    @override
    async def send(self, call: HttpCall | Mail) -> HttpAnswer | tuple[str, ...]:  # type: ignore[override]  # two roles in one
        if isinstance(call, Mail):
            self.did.append("mail")
            return ()
        self.did.append(call.url)
        return HttpAnswer(status=200, headers={}, body=b"")

    @override
    async def secret(self, name: str, *, organization: str) -> Secret:
        self.did.append(name)
        return Secret(name=name, value="v", hosts=())

    @override
    async def refused(self, secret: Secret, *, organization: str) -> Secret | None:
        self.did.append(f"refused {secret.name}")
        return None

    @override
    async def read(self, url: str, *, timeout_s: float) -> Page:
        self.did.append(url)
        return Page(url=url, status=200, title="", text="")

    @override
    async def visit(self, url: str, gestures: tuple[Gesture, ...], *, timeout_s: float) -> Page:
        return await self.read(url, timeout_s=timeout_s)


def tools(world: World, models: Mapping[str, ChatModel] | None = None) -> EffectTools:
    """Return tools that reach the world."""
    return EffectTools(
        clock=SystemClock(),
        egress=world,
        secrets=world,
        mailer=world,
        models=models or {},
        pages=world,
    )


async def _get(given: EffectTools, url: str) -> object:
    return await given.egress.send(HttpCall(method="GET", url=url))


async def _mail(given: EffectTools) -> object:
    assert given.mailer is not None
    return await given.mailer.send(Mail(to=("a@b",), subject="s", text="t", message_id="m"))


async def _model(given: EffectTools) -> object:
    return given.models["writer"]


async def _models(given: EffectTools) -> object:
    return list(given.models)


async def _page(given: EffectTools, url: str = "https://vet.example.org/") -> object:
    assert given.pages is not None
    return await given.pages.read(url, timeout_s=1)


async def _visit(given: EffectTools, url: str = "https://vet.example.org/") -> object:
    assert given.pages is not None
    return await given.pages.visit(url, (), timeout_s=1)


async def _secret(given: EffectTools, name: str = "crm") -> object:
    return await given.secrets.secret(name, organization="o")


async def _refused(given: EffectTools, name: str = "crm") -> object:
    return await given.secrets.refused(Secret(name=name, value="", hosts=()), organization="o")


USES: list[tuple[Capability, Use]] = [
    (Capability.NETWORK, lambda given: _get(given, "https://vet.example.org/x")),
    (Capability.SECRETS, _secret),
    (Capability.SECRETS, _refused),
    (Capability.MAIL, _mail),
    (Capability.MODELS, _model),
    (Capability.MODELS, _models),
    (Capability.PAGES, _page),
    (Capability.PAGES, _visit),
]


@pytest.mark.parametrize(("capability", "use"), USES)
def test_what_is_not_declared_is_not_given(capability: Capability, use: Use) -> None:
    """The error names the plugin and the capability; nothing reached the outside."""
    world = World()
    bounds = replace(ALL, uses=ALL.uses - {capability})

    with pytest.raises(
        PermanentError, match=f"'zoo' does not declare the capability '{capability}'"
    ):
        asyncio.run(_awaited(use, limited_tools(tools(world), bounds, owner="zoo")))

    assert world.did == []


@pytest.mark.parametrize(
    "use",
    [use for capability, use in USES if capability is not Capability.MODELS],
)
def test_what_is_declared_is_given(use: Use) -> None:
    """By the tools of the worker."""
    world = World()

    asyncio.run(_awaited(use, limited_tools(tools(world), ALL, owner="zoo")))

    assert len(world.did) == 1


def test_declared_models_are_those_of_the_operator() -> None:
    """Under the operator's names."""
    given = limited_tools(tools(World()), ALL, owner="zoo")

    assert dict(given.models) == {}


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.org/",
        "https://vet.example.org.evil.com/",
        "https://vet.example.org@evil.com/",
        "https://eu.example.org/",
        "https://evil.com/?vet.example.org",
        "https://[::1",
        "nonsense",
    ],
)
@pytest.mark.parametrize("reach", [_get, _page, _visit])
def test_another_host_is_not_reached(
    url: str, reach: Callable[[EffectTools, str], Awaitable[object]]
) -> None:
    """Whatever the address looks like at first sight."""
    world = World()
    given = limited_tools(tools(world), ALL, owner="zoo")

    with pytest.raises(PermanentError, match="does not declare the host"):
        asyncio.run(_awaited(lambda it: reach(it, url), given))

    assert world.did == []


@pytest.mark.parametrize("url", ["https://VET.example.org:8443/", "https://a.eu.example.org/"])
def test_a_declared_host_is_reached(url: str) -> None:
    """By its name in any case, on any port, or below a name with a star."""
    world = World()

    asyncio.run(_get(limited_tools(tools(world), ALL, owner="zoo"), url))

    assert world.did == [url]


@pytest.mark.parametrize("use", [_secret, _refused])
def test_another_secret_is_not_read(
    use: Callable[[EffectTools, str], Awaitable[object]],
) -> None:
    """The capability alone opens no name."""
    world = World()
    given = limited_tools(tools(world), ALL, owner="zoo")

    with pytest.raises(PermanentError, match="does not declare the secret 'bank'"):
        asyncio.run(_awaited(lambda it: use(it, "bank"), given))

    assert world.did == []


def test_where_there_is_no_browser_there_is_none() -> None:
    """A declared capability makes no tool."""
    given = replace(tools(World()), pages=None, mailer=None)

    found = limited_tools(given, ALL, owner="zoo")

    assert (found.pages, found.mailer) == (None, None)


def test_a_plugin_without_capabilities_has_effects_that_reach_nothing() -> None:
    """The handler is the plugin's; its tools are bounded."""

    async def handler(call: EffectCall, given: EffectTools) -> EffectResult:
        await given.egress.send(HttpCall(method="GET", url="https://vet.example.org/"))
        return EffectResult()

    effect = Effect(name="vet.tell", handler=handler, version=3)
    plugin = Plugin(id="zoo", version="1", components=(), actions=(), effects=(effect,))

    (limited,) = limited_effects(plugin).effects

    assert (limited.name, limited.version) == ("vet.tell", 3)
    with pytest.raises(PermanentError, match="capability 'network'"):
        asyncio.run(_awaited(lambda it: limited.handler(_call(), it), tools(World())))


def _call() -> EffectCall:
    return EffectCall(
        job_id="job",
        idempotency_key="job",
        organization="o",
        project="p",
        principal=Principal(id="m", organization="o", roles=()),
        outcome_id="out",
        step=0,
        action="a.b@1",
        inputs={},
        diff=(),
        attempt=1,
        payload={},
    )


async def _awaited(use: Use, given: EffectTools) -> object:
    return await use(given)
