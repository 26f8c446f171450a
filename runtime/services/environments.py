"""Hold the environments that installed plugins declare, compiled once for the whole process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from runtime.domain.limits import Limits
from runtime.engine.compiled import CompiledRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledEnvironment:
    """Pair an environment's declarations, compiled, with what a new project starts from.

    Attributes:
        id: the name that projects refer to.
        plugin: who declares it, as `id@version`.
        compiled: its components and actions.
        limits: what a new project allows.
    """

    id: str
    title: str
    description: str
    plugin: str
    compiled: CompiledRegistry
    limits: Limits


Environments: TypeAlias = Mapping[str, InstalledEnvironment]
