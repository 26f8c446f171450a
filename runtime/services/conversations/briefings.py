"""Keep what all messages of one member in one environment share, for as many as there is room.

A model is offered what users may see, in the newest version of each; what is offered never says
what may be executed, which the engine decides.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from runtime.agent.prompt import Briefing, briefing
from runtime.agent.tools import ToolBook
from runtime.domain.errors import EnvironmentNotInstalledError
from runtime.domain.policy import decide_by_rules
from runtime.domain.principal import Principal
from runtime.services.environments import Environments, InstalledEnvironment

KEPT: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefed:
    """Pair an environment with what a member's messages share there."""

    installed: InstalledEnvironment
    briefing: Briefing

    @property
    def registry_digest(self) -> str:
        """Return the digest of all declarations, which evaluations name."""
        return self.installed.compiled.registry.digest


class Briefings:
    """Write briefings and keep the newest of them; belongs to one event loop."""

    def __init__(self, environments: Environments) -> None:
        """Write of environments."""
        self._environments = environments
        self._books: dict[str, ToolBook] = {}
        self._kept: OrderedDict[tuple[str, Principal], Briefed] = OrderedDict()

    def of(self, environment: str, principal: Principal) -> Briefed:
        """Return what a member's messages share.

        Raises:
            EnvironmentNotInstalledError: the plugin that declared it is gone.
        """
        key = (environment, principal)
        found = self._kept.pop(key, None) or self._written(environment, principal)
        self._kept[key] = found
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    def _written(self, environment: str, principal: Principal) -> Briefed:
        installed = self._environments.get(environment)
        if installed is None:
            raise EnvironmentNotInstalledError(
                environment=environment, known=tuple(self._environments)
            )
        registry, compiled = installed.compiled.registry, installed.compiled
        offered = registry.visible()
        if environment not in self._books:
            self._books[environment] = ToolBook.of(compiled.actions[item.id] for item in offered)
        return Briefed(
            installed=installed,
            briefing=briefing(
                description=installed.description,
                components=registry.components.values(),
                book=self._books[environment],
                principal=principal,
                decisions=[(item.id, decide_by_rules(item, principal)) for item in offered],
            ),
        )
