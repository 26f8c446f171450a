"""Read what a project's environment declares, as far as the caller may see it."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.domain.action import Action, Visibility
from runtime.domain.component import Component
from runtime.domain.errors import EnvironmentNotInstalledError
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context
from runtime.services.environments import Environments, PluginEnabled, always_enabled
from runtime.services.identity.access import Access
from runtime.store.heads import read_head
from runtime.store.session import Database

DEVELOPER_ROLES = frozenset({"developer", "admin", "owner"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleRegistry:
    """Hold the declarations that a principal may see.

    Attributes:
        digest: of the whole registry; two projects with the same one allow the same plans.
        widgets: how a console may show places of the state.
    """

    environment: str
    plugin: str
    digest: str
    components: tuple[Component, ...]
    actions: tuple[Action, ...]
    widgets: tuple[JsonObject, ...] = ()


class Registries:
    """Read the registries of projects."""

    def __init__(
        self,
        *,
        database: Database,
        access: Access,
        environments: Environments,
        enabled: PluginEnabled = always_enabled,
    ) -> None:
        self._database = database
        self._enabled = enabled
        self._access = access
        self._environments = environments

    async def read(self, context: Context, project_id: str) -> VisibleRegistry:
        """Return what a project's environment declares; developer actions only to developers.

        Where the plugin is turned off there are no actions.

        Raises:
            NotFoundError: no such project that the caller may see.
            EnvironmentNotInstalledError: the plugin that declared it is gone.
        """
        context.caller.require(Scope.PROJECTS_READ)
        principal = await self._access.principal(context.caller, project_id)
        head = await read_head(
            self._database,
            organization_id=context.caller.organization_id,
            project_id=project_id,
        )
        found = self._environments.get(head.environment)
        if found is None:
            raise EnvironmentNotInstalledError(
                environment=head.environment, known=tuple(self._environments)
            )
        registry = found.compiled.registry
        enabled = await self._enabled(context.caller.organization_id, found.id)
        developer = bool(DEVELOPER_ROLES & set(principal.roles))
        return VisibleRegistry(
            environment=found.id,
            plugin=found.plugin,
            digest=registry.digest,
            components=tuple(registry.components.values()),
            actions=tuple(
                action
                for action in registry.actions.values()
                if enabled and (developer or action.permission.visibility is Visibility.USER)
            ),
            widgets=found.widgets,
        )
