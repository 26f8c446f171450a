"""Delete deliveries that ended long ago and events that nobody needs, again and again.

Any number may run. Each transaction goes over a few rows, behind those of the one before.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.kit.clock import Clock
from runtime.services.webhooks.measures import UnmeasuredWebhooks, WebhookMeasures
from runtime.store.ended_jobs import Deleted, next_tenants
from runtime.store.forgotten_webhooks import forget_deliveries, forget_events
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgettingPace:
    """Say how long rows are kept, how often to look, and what one transaction looks at.

    Attributes:
        deliveries_for: once they ended, from when they came to be.
        events_for: and deliveries that wait for an endpoint that is off.
        every_s: from one look to the next, give or take a half.
        most: rows of a transaction.
        rest_s: between two transactions.
    """

    deliveries_for: timedelta = timedelta(days=30)
    events_for: timedelta = timedelta(days=90)
    every_s: float = 3_600.0
    most: int = 500
    tenants: int = 100
    rest_s: float = 0.05


class Forgetting:
    """Look for what is old enough; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        pace: ForgettingPace | None = None,
        measures: WebhookMeasures | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._pace = pace or ForgettingPace()
        self._measures = measures or UnmeasuredWebhooks()
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let `run` return after the transaction that runs."""
        self._ended.set()

    async def run(self) -> None:
        """Look until the end, first after a while; whatever fails is tried again by the next."""
        while not await self._rests(self._pace.every_s * (0.5 + random.random())):
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001  # who ends silently deletes nothing any more
                self._measures.failed("forgetting", error)

    async def look(self) -> int:
        """Delete what is old enough by now, of all organizations; return how many rows that was.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        deleted, after = 0, ""
        while tenants := await next_tenants(self._database, after=after, most=self._pace.tenants):
            for organization_id in tenants:
                deleted += await self._of(organization_id)
            after = tenants[-1]
        return deleted

    async def _of(self, organization_id: str) -> int:
        """Delete deliveries first: an event that is still to be delivered is kept."""
        now, pace = self._clock.now(), self._pace

        async def deliveries(connection: AsyncConnection, after: str) -> Deleted:
            return await forget_deliveries(
                connection,
                organization_id=organization_id,
                after=after,
                ended_before=now - pace.deliveries_for,
                before=now - pace.events_for,
                most=pace.most,
            )

        async def events(connection: AsyncConnection, after: str) -> Deleted:
            return await forget_events(
                connection,
                organization_id=organization_id,
                after=after,
                before=now - pace.events_for,
                most=pace.most,
            )

        gone = await self._all(organization_id, deliveries)
        return gone + await self._all(organization_id, events)

    async def _all(
        self,
        organization_id: str,
        some: Callable[[AsyncConnection, str], Awaitable[Deleted]],
    ) -> int:
        deleted, after = 0, ""
        while not self._ended.is_set():
            async with self._database.transaction(organization_id) as connection:
                found = await some(connection, after)
            deleted += found.jobs
            if found.last is None:
                break
            after = found.last
            await self._rests(self._pace.rest_s)
        return deleted

    async def _rests(self, seconds: float) -> bool:
        """Rest, and say whether it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True
