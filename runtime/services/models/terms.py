"""Read what organizations and projects say of models, and remember it for a few seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runtime.domain.model_use import ModelUse
from runtime.kit.clock import Clock
from runtime.services.remembered import Remembered, Told
from runtime.store.model_uses import newest_use
from runtime.store.session import Database

FRESH_S: Final = 3.0
"""For how long other processes may go on by what was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Hold what an organization and a project say; None: it says nothing of its own."""

    organization_id: str
    organization: ModelUse | None
    project: ModelUse | None


class StandingTerms:
    """Tell the terms of projects; belongs to one event loop."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._remembered = Remembered[Terms](monotonic_s=clock.monotonic_s)

    async def of(self, organization_id: str, project_id: str) -> Terms:
        """Return the terms of a project.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """

        async def read() -> Told[Terms]:
            return Told(value=await self._read(organization_id, project_id), fresh_s=FRESH_S)

        found = await self._remembered.told((organization_id, project_id), read)
        if found is None:  # never told: who reads always finds terms
            return Terms(organization_id=organization_id, organization=None, project=None)
        return found

    def forget(self, organization_id: str) -> None:
        """Read the terms of an organization and its projects anew from now on."""
        self._remembered.forget(lambda terms: terms.organization_id == organization_id)

    async def close(self) -> None:
        """Wait for what is being read."""
        await self._remembered.close()

    async def _read(self, organization_id: str, project_id: str) -> Terms:
        async with self._database.transaction(organization_id, read_only=True) as connection:
            organization = await newest_use(connection, organization_id)
            project = await newest_use(connection, project_id)
        return Terms(
            organization_id=organization_id,
            organization=None if organization is None else organization.use,
            project=None if project is None else project.use,
        )
