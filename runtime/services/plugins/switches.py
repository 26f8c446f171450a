"""Know which plugins an organization has turned off, as of a moment ago.

Every process reads it again after `FRESH_S`, so that a switch holds everywhere by then; what it was
judged by before is outdated by whoever turns it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from runtime.services.environments import Environments
from runtime.services.remembered import Remembered, Told
from runtime.store.plugin_switches import disabled_plugins
from runtime.store.session import Database

FRESH_S: Final = 2.0


class PluginSwitches:
    """Remember for a moment what is turned off; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        *,
        environments: Environments,
        effect_owners: Mapping[str, str],
        monotonic_s: Callable[[], float],
    ) -> None:
        """Know nothing yet.

        Args:
            database: where switches are.
            environments: those that are installed, each with its plugin.
            effect_owners: ids of plugins by the names of their effects.
            monotonic_s: a clock.
        """
        self._database = database
        self._owners = {name: item.plugin_id for name, item in environments.items()}
        self._effect_owners = effect_owners
        self._remembered = Remembered[tuple[str, frozenset[str]]](monotonic_s=monotonic_s)

    async def environment_enabled(self, organization_id: str, environment: str) -> bool:
        """Return whether an organization lets the plugin of an environment act.

        Raises:
            StorageUnavailableError: it can't be read.
        """
        return self._owners.get(environment) not in await self._disabled(organization_id)

    async def effect_enabled(self, organization_id: str, effect: str) -> bool:
        """Return whether an organization lets the plugin of an effect act.

        Raises:
            StorageUnavailableError: it can't be read.
        """
        return self._effect_owners.get(effect) not in await self._disabled(organization_id)

    def forget(self, organization_id: str) -> None:
        """Read an organization's switches again before they are used."""
        self._remembered.forget(lambda kept: kept[0] == organization_id)

    async def close(self) -> None:
        """Wait for what is being read."""
        await self._remembered.close()

    async def _disabled(self, organization_id: str) -> frozenset[str]:
        async def ask() -> Told[tuple[str, frozenset[str]]]:
            async with self._database.transaction(organization_id, read_only=True) as connection:
                found = await disabled_plugins(connection)
            return Told(value=(organization_id, frozenset(found)), fresh_s=FRESH_S)

        told = await self._remembered.told(organization_id, ask)
        return frozenset() if told is None else told[1]
