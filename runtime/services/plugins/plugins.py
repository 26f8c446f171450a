"""List the plugins that there are, and turn one off or on for an organization."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.domain.errors import NotFoundError
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject
from runtime.services.context import Context, Ids
from runtime.services.plugins.documents import PluginEntry, plugin_document
from runtime.services.plugins.switches import PluginSwitches
from runtime.services.standing import active_organization, refuse_others, steady_owner
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.organizations import held_organization
from runtime.store.plugin_switches import disabled_plugins, switch_off, switch_on
from runtime.store.projects import outdate_judgements
from runtime.store.session import Database


class Plugins:
    """Keep what organizations turned off."""

    def __init__(
        self,
        *,
        database: Database,
        ids: Ids,
        entries: Sequence[PluginEntry],
        switches: PluginSwitches,
    ) -> None:
        """Keep the parts; `entries` is what became of each plugin in this process."""
        self._database = database
        self._ids = ids
        self._entries = tuple(entries)
        self._switches = switches

    async def list(self, context: Context, organization_id: str) -> tuple[JsonObject, ...]:
        """Return each plugin that is served or quarantined here, in the order of names.

        Raises:
            NotFoundError: it is another organization than the caller's, or none.
            NotAllowedError: the credential was not made for this.
        """
        caller = context.caller
        caller.require(Scope.PLUGINS_READ)
        refuse_others(caller, organization_id)
        async with self._database.transaction(caller.organization_id, read_only=True) as connection:
            disabled = frozenset(await disabled_plugins(connection))
        return tuple(
            plugin_document(entry, enabled=entry.name not in disabled)
            for entry in self._entries
            if entry.shown
        )

    async def switch(
        self, context: Context, organization_id: str, *, name: str, enabled: bool
    ) -> Answer:
        """Let a plugin act in an organization from now on, or not any more.

        Plans with its actions are refused while it is off, and its effects don't run. What was
        judged before is judged anew. To ask for what holds already changes nothing. How the plugin
        stands in this process does not matter: another one may serve it.

        Raises:
            NotFoundError: no such plugin is installed, or it is another organization.
            NotAllowedError: the caller is no owner, or the credential was not made for this.
            WrongTimeError: the organization is archived.
        """
        caller = context.caller
        caller.require(Scope.PLUGINS_MANAGE)
        refuse_others(caller, organization_id)
        caller.require_owner()
        entry = self._entry(name)

        async def work(unit: Unit) -> Answer:
            if await held_organization(unit.connection, organization_id) is None:
                raise NotFoundError(kind="organization", id=organization_id)
            await active_organization(unit.connection, caller)
            before = entry.name not in await disabled_plugins(unit.connection)
            if before != enabled:
                await self._turned(unit, context, entry, enabled=enabled)
            await steady_owner(unit, caller)  # the last lock of all, as the order is
            return Answer(document=plugin_document(entry, enabled=enabled))

        answer = await once(self._database, self._ids, context, work=work)
        self._switches.forget(organization_id)
        return answer

    async def _turned(
        self, unit: Unit, context: Context, entry: PluginEntry, *, enabled: bool
    ) -> None:
        organization_id = context.caller.organization_id
        if enabled:
            await switch_on(unit.connection, entry.name)
        else:
            await switch_off(
                unit.connection,
                entry.name,
                organization_id=organization_id,
                principal_id=context.caller.member_id,
                now=unit.now,
            )
        await outdate_judgements(unit.connection, organization_id)
        told = {"organization": organization_id, "plugin": entry.name, "version": entry.version}
        await unit.record("plugin.enabled" if enabled else "plugin.disabled", told)

    def _entry(self, name: str) -> PluginEntry:
        found = [entry for entry in self._entries if entry.name == name]
        if not found:
            raise NotFoundError(kind="plugin", id=name)
        return max(found, key=lambda entry: entry.served)
