"""Hold and spell what callers read of plugins."""

from __future__ import annotations

from dataclasses import dataclass, field

from runtime.kit.json_value import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginEntry:
    """Say what became of one plugin in this process.

    Attributes:
        name: what it is turned off by.
        distribution: who offers it, and may be nobody that is served.
        standing: `served`, `quarantined` or `not_admitted`.
        reason: why it is not served; empty if it is.
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
        return self.standing == "served"


def plugin_document(entry: PluginEntry, *, enabled: bool) -> JsonObject:
    """Spell a plugin as an organization reads it."""
    return {
        "name": entry.name,
        "distribution": entry.distribution,
        "version": entry.version,
        "built_in": entry.built_in,
        "standing": entry.standing,
        "reason": entry.reason,
        "enabled": enabled and entry.served,
        "warnings": list(entry.warnings),
        "digest": entry.digest,
        "environments": list(entry.environments),
        "actions": list(entry.actions),
        "effects": list(entry.effects),
        "capabilities": entry.capabilities,
        "widgets": list(entry.widgets),
        "policies": list(entry.policies),
    }
