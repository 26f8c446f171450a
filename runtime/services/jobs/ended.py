"""Delete jobs that ended long ago, again and again; any number may run.

A job's id tells when it was put, so each look goes over the oldest of an organization and no
further: over those that are due, and the given-up ones that are kept for longer.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Final

from runtime.kit.clock import Clock
from runtime.kit.ids import ENTROPY_BYTES, new_id
from runtime.services.jobs.measures import JobMeasures, UnmeasuredJobs
from runtime.store.ended_jobs import KeptFor, delete_ended, next_tenants
from runtime.store.session import Database

TENANTS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedPace:
    """Bound how often to look, and what one transaction looks at.

    Attributes:
        kept: how long jobs are kept.
        every_s: from one look to the next, give or take a half.
        most: jobs of a transaction.
        rest_s: between two transactions.
    """

    kept: KeptFor = field(default_factory=KeptFor)
    every_s: float = 3_600.0
    most: int = 500
    rest_s: float = 0.05


class EndedJobs:
    """Look for jobs that ended long ago; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        pace: EndedPace | None = None,
        measures: JobMeasures | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._pace = pace or EndedPace()
        self._measures = measures or UnmeasuredJobs()
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
                self._measures.failed("ended", error)

    async def look(self) -> int:
        """Delete what is old enough by now, of all organizations; return how many that was.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        deleted, after = 0, ""
        while tenants := await next_tenants(self._database, after=after, most=TENANTS):
            for organization_id in tenants:
                deleted += await self._of(organization_id)
            after = tenants[-1]
        return deleted

    async def _of(self, organization_id: str) -> int:
        """Go over the oldest jobs of an organization."""
        before, deleted, after = self._before(), 0, ""
        while not self._ended.is_set():
            async with self._database.transaction(organization_id) as connection:
                found = await delete_ended(
                    connection,
                    organization_id=organization_id,
                    after=after,
                    before=before,
                    kept=self._pace.kept,
                    most=self._pace.most,
                )
            deleted += found.jobs
            if found.last is None:
                break
            after = found.last
            await self._rests(self._pace.rest_s)
        return deleted

    def _before(self) -> str:
        """Return the id that a job would have that was put as long ago as any is kept at least."""
        kept = self._pace.kept
        then = self._clock.now().timestamp() - min(kept.done_s, kept.given_up_s)
        return new_id("job", now_ms=max(0, int(1_000 * then)), entropy=bytes(ENTROPY_BYTES))

    async def _rests(self, seconds: float) -> bool:
        """Rest, and say whether it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True
