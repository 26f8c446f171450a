"""State the public contract of a plugin: what a distribution may declare.

A distribution names an instance of `Plugin` in the entry-point group `plangate.plugins`; the
built-in environments do the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.domain.action import Action
from runtime.domain.component import Component
from runtime.domain.limits import NO_LIMITS, Limits
from runtime.domain.principal import Mode, Principal
from runtime.plugins.effects import Effect

CONTRACT_VERSION = 1

AN_OPERATOR = Principal(id="person", organization="demo", roles=("operator",), grant=Mode.ASSISTED)
"""Who acts in an environment that names nobody."""


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
class Plugin:
    """Bundle declarations under one name.

    Attributes:
        id: unique name of the plugin.
        version: the plugin's own version, for comparability of runs.
        contract: the contract that it was written against.
        components: state that it adds.
        actions: operations that it adds.
        environments: what is made of them.
        effects: what runs when its actions, or anybody's, ask for them by name.
    """

    id: str
    version: str
    components: tuple[Component, ...]
    actions: tuple[Action, ...]
    environments: tuple[Environment, ...] = ()
    effects: tuple[Effect, ...] = ()
    contract: int = CONTRACT_VERSION
