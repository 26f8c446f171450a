"""Take jobs from workers that are gone, again and again; any number may run.

By liveness only: a worker that beats keeps its jobs, however long they take.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from runtime.domain.job import MOST_CRASHES
from runtime.services.jobs.measures import JobMeasures, UnmeasuredJobs
from runtime.store.job_leases import Rescue, rescue_jobs
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class RescuePace:
    """Bound how often to look, how many workers at once, and how many deaths a job survives."""

    every_s: float = 2.0
    workers: int = 100
    crashes: int = MOST_CRASHES


class Rescuing:
    """Look for workers that are gone; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        *,
        pace: RescuePace | None = None,
        measures: JobMeasures | None = None,
    ) -> None:
        self._database = database
        self._pace = pace or RescuePace()
        self._measures = measures or UnmeasuredJobs()
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let `run` return."""
        self._ended.set()

    async def run(self) -> None:
        """Look until the end; whatever fails is tried again."""
        while not self._ended.is_set():
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001  # who ends silently rescues nobody
                self._measures.failed("rescue", error)
            try:
                async with asyncio.timeout(self._pace.every_s):
                    await self._ended.wait()
            except TimeoutError:
                continue

    async def look(self) -> Rescue:
        """Take jobs from those that are gone by now.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        found = await rescue_jobs(
            self._database, workers=self._pace.workers, crashes=self._pace.crashes
        )
        if found.rescued or found.quarantined:
            self._measures.rescued(found.rescued, quarantined=found.quarantined)
        return found
