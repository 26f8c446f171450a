"""State the public contract of a plugin: what a distribution may declare.

A distribution names an instance of `Plugin` in the entry-point group `plangate.plugins`, and the
contracts that it was written for in `plangate.contract`; the built-in environments do the former.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from runtime.domain.action import Action
from runtime.domain.component import Component
from runtime.domain.limits import NO_LIMITS, Limits
from runtime.domain.principal import Mode, Principal
from runtime.kit.json_value import JsonObject
from runtime.plugins.effects import Effect

CONTRACT_VERSION = 1
CONTRACT_MINOR: Final = 2
"""0: components, actions, environments; 1: effects; 2: all that stands below them in `Plugin`."""
KEPT_MINORS: Final = 2
"""A plugin that was written for a contract this much older is served."""

AN_OPERATOR = Principal(id="person", organization="demo", roles=("operator",), grant=Mode.ASSISTED)
"""Who acts in an environment that names nobody."""


class Capability(StrEnum):
    """Name what a plugin's effects may be given; what is not declared is not given."""

    NETWORK = "network"
    SECRETS = "secrets"
    MAIL = "mail"
    MODELS = "models"
    PAGES = "pages"


class Isolation(StrEnum):
    """Say where a plugin's handlers of actions run."""

    NONE = "none"
    PROCESS = "process"


class WidgetKind(StrEnum):
    """Say how a console shows the state that a widget points at."""

    NUMBER = "number"
    TEXT = "text"
    TABLE = "table"
    CHART = "chart"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Describe where plans are proposed: which declarations, for whom, within which limits.

    Attributes:
        id: name that scenarios refer to.
        title: what a person calls it.
        description: what the agent is for; the first lines of its prompt.
        components: ids of the plugin's components that it contains; empty means all.
        principal: who acts unless a scenario says otherwise.
        limits: rates, budgets and windows unless a scenario says otherwise.
    """

    id: str
    title: str
    description: str
    components: tuple[str, ...] = ()
    principal: Principal = AN_OPERATOR
    limits: Limits = NO_LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Say what a plugin reaches beyond itself; the default is nothing.

    Attributes:
        uses: the kinds of tools that its effects are to be given.
        hosts: where requests and pages may go, in lower case; `*.example.com` is each below it.
        secrets: names of the organization's secrets that it may ask for.
        effects: names of others' effects that its actions ask for, such as `mail.send`; its own
            need not be named.
    """

    uses: frozenset[Capability] = frozenset()
    hosts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()

    def document(self) -> JsonObject:
        """Return them as JSON."""
        return {
            "uses": sorted(item.value for item in self.uses),
            "hosts": list(self.hosts),
            "secrets": list(self.secrets),
            "effects": list(self.effects),
        }


NO_CAPABILITIES: Final = Capabilities()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOffer:
    """Offer one module of rules; an administrator uploads and activates it, or does not.

    Attributes:
        path: what the module is called, such as `organization/refunds.rego`.
        text: Rego, as far as policies of organizations may use it.
    """

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """Say how a console may show a part of the state; data and nothing else.

    Attributes:
        title: what a person calls it.
        kind: how it is shown.
        path: JSON Pointer into the state.
    """

    title: str
    kind: WidgetKind
    path: str

    def document(self) -> JsonObject:
        """Return it as JSON."""
        return {"title": self.title, "kind": self.kind.value, "path": self.path}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """Bundle declarations under one name.

    Attributes:
        id: unique name of the plugin.
        version: the plugin's own version, for comparability of runs.
        components: state that it adds.
        actions: operations that it adds.
        environments: what is made of them.
        effects: what runs when its actions, or anybody's, ask for them by name.
        contract: the major version of the contract that it was written against.
        capabilities: what its effects are to be given, and whose effects its actions ask for.
        isolation: where its handlers run; an operator may force a process.
        policies: rules that it offers.
        scenarios: folders of golden scenarios inside its package, as `package:folder`.
        widgets: what a console may show of its state.
    """

    id: str
    version: str
    components: tuple[Component, ...]
    actions: tuple[Action, ...]
    environments: tuple[Environment, ...] = ()
    effects: tuple[Effect, ...] = ()
    contract: int = CONTRACT_VERSION
    capabilities: Capabilities = NO_CAPABILITIES
    isolation: Isolation = Isolation.NONE
    policies: tuple[PolicyOffer, ...] = ()
    scenarios: tuple[str, ...] = ()
    widgets: tuple[Widget, ...] = ()
