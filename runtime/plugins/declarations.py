"""Spell what a plugin declares as one JSON document, so that two loads of it can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from runtime.domain.declared_effects import DeclaredEffects
from runtime.kit.canonical_json import digest
from runtime.kit.json_value import JsonObject
from runtime.plugins.contract import Environment, Plugin
from runtime.ports.effect import Effect

PLUGIN: Final = "plugin"
COMPONENT: Final = "component"
ACTION: Final = "action"
EFFECT: Final = "effect"
ENVIRONMENT: Final = "environment"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class OwnId:
    """Name one thing that only one plugin may declare.

    Attributes:
        kind: plugin, component, action, effect or environment.
        id: of an action without its version: another version of it is the same thing.
    """

    kind: str
    id: str


def own_ids(plugin: Plugin) -> Iterator[OwnId]:
    """Yield what a plugin claims for itself."""
    yield OwnId(kind=PLUGIN, id=plugin.id)
    for component in plugin.components:
        yield OwnId(kind=COMPONENT, id=component.id)
    for name in sorted({action.name for action in plugin.actions}):
        yield OwnId(kind=ACTION, id=name)
    for effect in plugin.effects:
        yield OwnId(kind=EFFECT, id=effect.name)
    for environment in plugin.environments:
        yield OwnId(kind=ENVIRONMENT, id=environment.id)


def declared_effects(plugin: Plugin) -> DeclaredEffects:
    """Return the effects that a plugin's actions may ask for."""
    own = {effect.name for effect in plugin.effects}
    return DeclaredEffects(plugin=plugin.id, names=frozenset({*own, *plugin.capabilities.effects}))


def declared(plugin: Plugin) -> JsonObject:
    """Return everything that a plugin declares; handlers are code and stand for themselves."""
    return {
        "id": plugin.id,
        "version": plugin.version,
        "contract": plugin.contract,
        "components": [item.document() for item in plugin.components],
        "actions": [item.document() for item in plugin.actions],
        "environments": [_environment(item) for item in plugin.environments],
        "effects": [_effect(item) for item in plugin.effects],
        "capabilities": plugin.capabilities.document(),
        "isolation": plugin.isolation.value,
        "policies": [{"path": item.path, "text": item.text} for item in plugin.policies],
        "scenarios": list(plugin.scenarios),
        "widgets": [item.document() for item in plugin.widgets],
    }


def declarations_digest(plugin: Plugin) -> str:
    """Return the digest of everything that a plugin declares.

    Raises:
        CanonicalJsonError: something that it declares is no JSON.
    """
    return digest(declared(plugin))


def _environment(item: Environment) -> JsonObject:
    return {
        "id": item.id,
        "title": item.title,
        "description": item.description,
        "components": list(item.components),
        "principal": {
            "id": item.principal.id,
            "roles": list(item.principal.roles),
            "grant": item.principal.grant.value,
        },
        "limits": item.limits.model_dump(mode="json"),
    }


def _effect(item: Effect) -> JsonObject:
    return {
        "name": item.name,
        "version": item.version,
        "start_to_close_s": item.start_to_close_s,
        "schedule_to_start_s": item.schedule_to_start_s,
        "result_action": item.result_action,
    }
