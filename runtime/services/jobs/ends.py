"""Write how attempts ended, those of all organizations together.

While one statement is on its way to disk, further attempts end; they go into the next one. An end
is written again and again until the database took it: the effect took place, and nothing but this
says so.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from runtime.domain.errors import StorageRefusedError, StorageUnavailableError
from runtime.domain.job import AttemptEnd, JobStatus
from runtime.kit.backoff import delay_s
from runtime.services.jobs.measures import JobMeasures
from runtime.store.jobs import finish_jobs
from runtime.store.session import Database

MOST_TOGETHER: Final = 200
_LONGEST_WAIT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Pending:
    organization_id: str
    end: AttemptEnd
    written: asyncio.Future[bool]


class Ends:
    """Gather ends; belongs to one event loop."""

    def __init__(self, database: Database, *, worker: str, measures: JobMeasures) -> None:
        self._database = database
        self._worker = worker
        self._measures = measures
        self._waiting: deque[_Pending] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def write(self, organization_id: str, end: AttemptEnd) -> bool:
        """Return once an end is stored: whether it counts, or the job was another's by then."""
        pending = _Pending(organization_id, end, asyncio.get_running_loop().create_future())
        self._waiting.append(pending)
        if self._writing is None:
            self._writing = asyncio.create_task(self._serve(), name="end jobs")
        return await pending.written

    async def close(self, *, within_s: float) -> None:
        """Wait for what is being written, and give up what is not by then: it is run again."""
        task = self._writing
        if task is not None:
            await asyncio.wait({task}, timeout=within_s)
            task.cancel()

    async def _serve(self) -> None:
        """Write until nothing waits."""
        waiting = self._waiting
        together: list[_Pending] = []
        try:
            while waiting:
                together = [waiting.popleft() for _ in range(min(len(waiting), MOST_TOGETHER))]
                await self._write(together)
        finally:
            self._writing = None
            for pending in (*together, *waiting):
                pending.written.cancel()  # those that are written don't mind
            waiting.clear()

    async def _write(self, together: Sequence[_Pending]) -> None:
        """Write ends, however often it takes; if one of them is to blame, each on its own."""
        try:
            ended = await self._stored([(item.organization_id, item.end) for item in together])
        except StorageRefusedError as error:
            self._measures.failed("end", error)
            for pending in together:
                await self._write_alone(pending)
            return
        for pending in together:
            _tell(pending, counts=pending.end.id in ended)

    async def _write_alone(self, pending: _Pending) -> None:
        """Write one end; if it can't be stored as it is, that the job is dead of it."""
        try:
            ended = await self._stored([(pending.organization_id, pending.end)])
        except StorageRefusedError:
            plain = replace(
                pending.end,
                status=JobStatus.DEAD,
                reason="how it ended can't be stored",
                result=None,
                failed=True,
            )
            ended = await self._stored([(pending.organization_id, plain)])
        _tell(pending, counts=pending.end.id in ended)

    async def _stored(self, ends: Sequence[tuple[str, AttemptEnd]]) -> frozenset[str]:
        tried = 0
        while True:
            try:
                return await finish_jobs(self._database, ends, worker=self._worker)
            except StorageUnavailableError as error:
                self._measures.failed("end", error)
                await asyncio.sleep(
                    delay_s(tried, base_s=0.1, cap_s=_LONGEST_WAIT_S, jitter=random.random())
                )
                tried += 1


def _tell(pending: _Pending, *, counts: bool) -> None:
    if not pending.written.done():
        pending.written.set_result(counts)
