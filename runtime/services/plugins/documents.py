"""Hold and spell what callers read of plugins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from runtime.kit.json_value import JsonObject

SERVED: Final = "served"
QUARANTINED: Final = "quarantined"
_NOT_SERVED: Final = "it is not served; the operator of the platform finds the reason in its log"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginEntry:
    """Say what became of one plugin in this process.

    Attributes:
        name: what it is turned off by.
        distribution: who offers it, and may be nobody that is served.
        standing: `served`, `quarantined` or `not_admitted`.
        reason: why it is not served, for the operator alone: it may hold what a plugin found in
            this process; empty if it is.
        digest: of its declarations.
        capabilities: what its effects are given.
        policies: rules that it offers; nobody has to use them.
    """

    name: str
    distribution: str
    version: str
    built_in: bool
    standing: str
    reason: str = ""
    warnings: tuple[str, ...] = ()
    digest: str = ""
    environments: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    capabilities: JsonObject = field(default_factory=dict, hash=False)
    widgets: tuple[JsonObject, ...] = ()
    policies: tuple[JsonObject, ...] = ()

    @property
    def served(self) -> bool:
        """Say whether it is served by this process."""
        return self.standing == SERVED

    @property
    def shown(self) -> bool:
        """Say whether organizations are told of it: what an operator leaves out is the operator's.

        It can be turned off all the same, since another process may serve it.
        """
        return self.standing in {SERVED, QUARANTINED}


def plugin_document(entry: PluginEntry, *, enabled: bool) -> JsonObject:
    """Spell a plugin as an organization reads it: of one that is not served, no reason of its own.

    Whether it is quarantined or was never admitted is not told apart.
    """
    return {
        "name": entry.name,
        "distribution": entry.distribution,
        "version": entry.version,
        "built_in": entry.built_in,
        "standing": SERVED if entry.served else QUARANTINED,
        "reason": "" if entry.served else _NOT_SERVED,
        "enabled": enabled and entry.served,
        "warnings": list(entry.warnings) if entry.served else [],
        "digest": entry.digest,
        "environments": list(entry.environments),
        "actions": list(entry.actions),
        "effects": list(entry.effects),
        "capabilities": entry.capabilities,
        "widgets": list(entry.widgets),
        "policies": list(entry.policies),
    }
