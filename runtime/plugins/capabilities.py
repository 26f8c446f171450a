"""Hand a plugin's effects what the plugin declares, and nothing else.

What is missing fails for good, with the name of what has to be declared. This bounds what is handed
in; code that goes around it is bounded by the pin and the allow-list, not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NoReturn
from urllib.parse import urlsplit

from typing_extensions import override

from runtime.plugins.contract import Capabilities, Capability, Plugin
from runtime.ports.chat_model import ChatModel
from runtime.ports.effect import Effect, EffectCall, EffectHandler, EffectResult, EffectTools
from runtime.ports.effect_failure import PermanentError
from runtime.ports.egress import Egress, HttpAnswer, HttpCall
from runtime.ports.mail import Mail, Mailer
from runtime.ports.page_reader import Gesture, Page, PageReader
from runtime.ports.secret_source import Secret, SecretSource


def limited_effects(plugin: Plugin) -> Plugin:
    """Return the plugin with effects that get only what it declares."""
    return replace(plugin, effects=tuple(_limited(effect, plugin) for effect in plugin.effects))


def limited_tools(tools: EffectTools, capabilities: Capabilities, *, owner: str) -> EffectTools:
    """Return tools that do what is declared and refuse the rest.

    Args:
        tools: those of the worker.
        capabilities: what the plugin declares.
        owner: the plugin's id, for the refusal.
    """
    bounds = _Bounds(owner=owner, capabilities=capabilities)
    models = capabilities.uses >= {Capability.MODELS}
    pages = capabilities.uses >= {Capability.PAGES}
    mail = capabilities.uses >= {Capability.MAIL}
    return EffectTools(
        clock=tools.clock,
        egress=_LimitedEgress(tools.egress, bounds),
        secrets=_LimitedSecrets(tools.secrets, bounds),
        mailer=tools.mailer if mail else _RefusedMailer(bounds),
        models=tools.models if models else _RefusedModels(bounds),
        pages=(None if tools.pages is None else _LimitedPages(tools.pages, bounds))
        if pages
        else _RefusedPages(bounds),
    )


def _limited(effect: Effect, plugin: Plugin) -> Effect:
    handler, capabilities, owner = effect.handler, plugin.capabilities, plugin.id

    async def limited(call: EffectCall, tools: EffectTools) -> EffectResult:
        return await handler(call, limited_tools(tools, capabilities, owner=owner))

    bounded: EffectHandler = limited
    return replace(effect, handler=bounded)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bounds:
    """Hold what a plugin declares, and refuse in its name."""

    owner: str
    capabilities: Capabilities

    def require(self, capability: Capability) -> None:
        """Refuse what is not declared.

        Raises:
            PermanentError: it is not.
        """
        if capability not in self.capabilities.uses:
            self.refuse(f"the capability '{capability.value}'")

    def require_host(self, url: str) -> None:
        """Refuse an address whose host is not declared.

        Raises:
            PermanentError: it is not, or there is none.
        """
        try:
            host = (urlsplit(url).hostname or "").lower()
        except ValueError:
            host = ""
        declared = Secret(name="", value="", hosts=self.capabilities.hosts)
        if not host or not declared.may_go_to(host):
            self.refuse(f"the host '{host[:100]}'")

    def refuse(self, what: str) -> NoReturn:
        """Fail for good.

        Raises:
            PermanentError: always.
        """
        raise PermanentError(
            f"the plugin '{self.owner}' does not declare {what}; "
            "its author adds it to the plugin's Capabilities"
        )


@dataclass(frozen=True, slots=True)
class _LimitedEgress(Egress):
    inner: Egress
    bounds: _Bounds

    @override
    async def send(self, call: HttpCall) -> HttpAnswer:
        self.bounds.require(Capability.NETWORK)
        self.bounds.require_host(call.url)
        return await self.inner.send(call)


@dataclass(frozen=True, slots=True)
class _LimitedSecrets(SecretSource):
    inner: SecretSource
    bounds: _Bounds

    @override
    async def secret(self, name: str, *, organization: str) -> Secret:
        self._require(name)
        return await self.inner.secret(name, organization=organization)

    @override
    async def refused(self, secret: Secret, *, organization: str) -> Secret | None:
        self._require(secret.name)
        return await self.inner.refused(secret, organization=organization)

    def _require(self, name: str) -> None:
        self.bounds.require(Capability.SECRETS)
        if name not in self.bounds.capabilities.secrets:
            self.bounds.refuse(f"the secret '{name[:100]}'")


@dataclass(frozen=True, slots=True)
class _RefusedMailer(Mailer):
    bounds: _Bounds

    @override
    async def send(self, mail: Mail) -> tuple[str, ...]:
        self.bounds.refuse(f"the capability '{Capability.MAIL.value}'")


@dataclass(frozen=True, slots=True)
class _RefusedModels(Mapping[str, ChatModel]):
    bounds: _Bounds

    @override
    def __getitem__(self, key: str) -> ChatModel:
        self.bounds.refuse(f"the capability '{Capability.MODELS.value}'")

    @override
    def __iter__(self) -> Iterator[str]:
        self.bounds.refuse(f"the capability '{Capability.MODELS.value}'")

    @override
    def __len__(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class _LimitedPages(PageReader):
    inner: PageReader
    bounds: _Bounds

    @override
    async def read(self, url: str, *, timeout_s: float) -> Page:
        self.bounds.require_host(url)
        return await self.inner.read(url, timeout_s=timeout_s)

    @override
    async def visit(self, url: str, gestures: tuple[Gesture, ...], *, timeout_s: float) -> Page:
        self.bounds.require_host(url)
        return await self.inner.visit(url, gestures, timeout_s=timeout_s)


@dataclass(frozen=True, slots=True)
class _RefusedPages(PageReader):
    bounds: _Bounds

    @override
    async def read(self, url: str, *, timeout_s: float) -> Page:
        self.bounds.refuse(f"the capability '{Capability.PAGES.value}'")

    @override
    async def visit(self, url: str, gestures: tuple[Gesture, ...], *, timeout_s: float) -> Page:
        self.bounds.refuse(f"the capability '{Capability.PAGES.value}'")
