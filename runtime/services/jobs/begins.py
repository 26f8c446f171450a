"""Lease the jobs that messages name, those of several messages together.

While one statement is under way further messages come; they go into the next one, whosever they
are.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runtime.domain.errors import QueueUnavailableError, StorageRefusedError
from runtime.domain.job import BegunJob
from runtime.store.jobs import begin_jobs
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Say as whom jobs are leased, for how long, and how many deaths they survive."""

    worker: str
    lease_s: float
    crashes: int


@dataclass(frozen=True, slots=True)
class _Asked:
    organization_id: str
    ids: tuple[str, ...]
    begun: asyncio.Future[tuple[BegunJob, ...]]


class Begins:
    """Gather what is to begin; belongs to one event loop."""

    def __init__(
        self, database: Database, lease: Lease, *, orphaned: Callable[[str], None]
    ) -> None:
        """Begin nothing yet; `orphaned` is told of an organization whose jobs nobody waits for."""
        self._database = database
        self._lease = lease
        self._orphaned = orphaned
        self._waiting: deque[_Asked] = deque()
        self._beginning: asyncio.Task[None] | None = None

    async def begin(self, organization_id: str, ids: Sequence[str]) -> tuple[BegunJob, ...]:
        """Lease those of an organization's jobs that may start now, and return them.

        Raises:
            StorageUnavailableError: the database can't be asked; some may be leased all the same.
            StorageRefusedError: it refuses what it was given.
            QueueUnavailableError: this worker ends.
        """
        asked = _Asked(organization_id, tuple(ids), asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._beginning is None:
            self._beginning = asyncio.create_task(self._serve(), name="begin jobs")
        return await asked.begun

    async def close(self) -> None:
        """Begin nothing more; who waits is told so."""
        task = self._beginning
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _serve(self) -> None:
        """Begin until nobody waits."""
        together: list[_Asked] = []
        try:
            while self._waiting:
                together = list(self._waiting)
                self._waiting.clear()
                await self._begin(together)
        finally:
            self._beginning = None
            for asked in (*together, *self._waiting):
                if not asked.begun.done():
                    asked.begun.set_exception(QueueUnavailableError(reason="this worker ends"))
            self._waiting.clear()

    async def _begin(self, together: Sequence[_Asked]) -> None:
        ids: dict[str, list[str]] = {}
        for asked in together:
            ids.setdefault(asked.organization_id, []).extend(asked.ids)
        lease = self._lease
        try:
            begun = await begin_jobs(
                self._database,
                ids,
                worker=lease.worker,
                lease_s=lease.lease_s,
                crashes=lease.crashes,
            )
        except StorageRefusedError as error:
            if len(together) == 1:
                _fail(together, error)
                return
            for asked in together:
                await self._begin([asked])
        except Exception as error:  # noqa: BLE001  # who waits has to hear of it, whatever it is
            _fail(together, error)
        else:
            self._tell(together, begun)

    def _tell(self, together: Sequence[_Asked], begun: Sequence[BegunJob]) -> None:
        """Give each job to whoever asked for it first."""
        found = {job.id: job for job in begun}
        for asked in together:
            jobs = tuple(found.pop(job_id) for job_id in asked.ids if job_id in found)
            if not asked.begun.done():
                asked.begun.set_result(jobs)
            elif jobs:
                self._orphaned(asked.organization_id)


def _fail(together: Sequence[_Asked], error: Exception) -> None:
    for asked in together:
        if not asked.begun.done():
            asked.begun.set_exception(error)
