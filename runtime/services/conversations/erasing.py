"""Erase texts whose time has come, and facts that hold no more, again and again.

Any number of processes may do it. Each transaction takes a few rows that no other one has.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import StorageUnavailableError
from runtime.services.context import Ids
from runtime.store.ended_jobs import next_tenants
from runtime.store.facts import delete_expired
from runtime.store.session import Database
from runtime.store.turns import erase_texts


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasingPace:
    """Say how often to look, and what one transaction takes.

    Attributes:
        every_s: from one look to the next, give or take a half.
        most: rows of a transaction.
        tenants: organizations that are asked for at once.
        rest_s: between two transactions.
    """

    every_s: float = 900.0
    most: int = 500
    tenants: int = 100
    rest_s: float = 0.05


class Erasing:
    """Look for what is old enough; belongs to one event loop."""

    def __init__(self, database: Database, ids: Ids, *, pace: ErasingPace | None = None) -> None:
        self._database = database
        self._ids = ids
        self._pace = pace or ErasingPace()
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look from now on, first after a while."""
        self._looking = asyncio.create_task(self._look_on(), name="erase texts")

    async def close(self) -> None:
        """Give up what is under way; it goes on another time."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def look(self) -> int:
        """Erase what is old enough by now, of all organizations; return of how many rows.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        erased, after, pace = 0, "", self._pace
        while tenants := await next_tenants(self._database, after=after, most=pace.tenants):
            for organization_id in tenants:
                erased += await self._all(organization_id, self._turns)
                erased += await self._all(organization_id, self._facts)
            after = tenants[-1]
        return erased

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(self._pace.every_s * (0.5 + random.random()))
            try:
                await self.look()
            except StorageUnavailableError:
                continue  # the next look takes what this one left

    async def _turns(self, connection: AsyncConnection) -> int:
        return await erase_texts(connection, now=self._ids.now(), limit=self._pace.most)

    async def _facts(self, connection: AsyncConnection) -> int:
        return await delete_expired(connection, now=self._ids.now(), limit=self._pace.most)

    async def _all(
        self, organization_id: str, some: Callable[[AsyncConnection], Awaitable[int]]
    ) -> int:
        erased = 0
        while True:
            async with self._database.transaction(organization_id) as connection:
                gone = await some(connection)
            erased += gone
            if gone < self._pace.most:
                return erased
            await asyncio.sleep(self._pace.rest_s)
