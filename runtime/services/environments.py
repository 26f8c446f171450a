"""Hold the environments that installed plugins declare, compiled once for the whole process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from runtime.domain.limits import Limits
from runtime.engine.compiled import CompiledRegistry
from runtime.kit.json_value import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledEnvironment:
    """Pair an environment's declarations, compiled, with what a new project starts from.

    Attributes:
        id: the name that projects refer to.
        plugin: who declares it, as `id@version`.
        compiled: its components and actions.
        limits: what a new project allows.
        prompt: version and digest of what a model is told here, as evaluations name it.
        widgets: how a console may show places of its state: title, kind, path.
    """

    id: str
    title: str
    description: str
    plugin: str
    compiled: CompiledRegistry
    limits: Limits
    prompt: str = ""
    widgets: tuple[JsonObject, ...] = ()

    @property
    def plugin_id(self) -> str:
        """Return the id of the plugin that declares it."""
        return self.plugin.rpartition("@")[0]


Environments: TypeAlias = Mapping[str, InstalledEnvironment]

PluginEnabled: TypeAlias = Callable[[str, str], Awaitable[bool]]
"""Say whether an organization lets the plugin of an environment, or of an effect, act."""


async def always_enabled(organization_id: str, name: str) -> bool:
    """Let every plugin act, where nobody can turn one off."""
    del organization_id, name
    return True
