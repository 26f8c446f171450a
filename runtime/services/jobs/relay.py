"""Hand jobs that are due to the queue, a fair share of each organization's; any number may run.

What was taken from the outbox is given back when the queue does not take it. It may be handed over
twice, never not at all: the lease of a job tells workers apart.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import ceil
from typing import Final

from runtime.domain.errors import QueueUnavailableError
from runtime.kit.backoff import delay_s
from runtime.ports.job_queue import MOST_IDS, JobMessage, JobQueue
from runtime.services.jobs.measures import JobMeasures, UnmeasuredJobs
from runtime.store.outbox import DueJob, Share, claimed
from runtime.store.session import Database

SPREAD: Final = 16
"""Messages that one claim makes at least, if it has so many jobs: so that several workers get some
of few jobs, and the many are not handed over one by one."""
FEWEST_IDS: Final = 10
"""In a message, if there are so many: its jobs run at the same time, and share what it costs."""
MOST_FAILURES_S: Final = 5.0
PUT_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayPace:
    """Bound how often a relay looks.

    Attributes:
        gather_s: the shortest time between two looks, unless there is more to hand over: whoever
            puts jobs in quick succession wakes it once.
        busy_s: how long it rests after there was something.
        idle_s: the longest rest after there was nothing.
        share: what one look takes.
    """

    gather_s: float = 0.01
    busy_s: float = 0.05
    idle_s: float = 0.5
    share: Share = field(default_factory=Share)


class Relay:
    """Serve the outbox; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        queue: JobQueue,
        *,
        pace: RelayPace | None = None,
        measures: JobMeasures | None = None,
        put_timeout_s: float = PUT_TIMEOUT_S,
    ) -> None:
        self._put_timeout_s = put_timeout_s
        self._database = database
        self._queue = queue
        self._pace = pace or RelayPace()
        self._measures = measures or UnmeasuredJobs()
        self._after = ""
        self._woken = asyncio.Event()
        self._ended = asyncio.Event()
        self._resting = False

    @property
    def resting(self) -> bool:
        """Say whether it waits to be woken, or for its next look."""
        return self._resting

    def wake(self) -> None:
        """Look now: this process has put jobs. Nothing depends on it but when they start."""
        self._woken.set()

    def end(self) -> None:
        """Let `run` return once what is being handed over is."""
        self._ended.set()
        self._woken.set()

    async def run(self) -> None:
        """Hand over until the end; whatever fails is tried again, a little later each time."""
        rest_s, failures = 0.0, 0
        while not self._ended.is_set():
            self._woken.clear()  # before looking: what wakes meanwhile may not be seen by this look
            try:
                handed, everybody = await self._look()
            except Exception as error:  # noqa: BLE001  # a relay that ends silently loses jobs
                self._measures.failed("relay", error)
                rest_s = _jittered_s(failures)
                failures += 1
            else:
                failures = 0
                rest_s = self._rest_s(rest_s, handed=handed, everybody=everybody)
            await self._rest(rest_s)

    async def look(self) -> int:
        """Hand over what is due now, one look; return how many jobs that was.

        Raises:
            QueueUnavailableError: the queue takes none; they stay due.
            StorageUnavailableError: the database can't be asked.
        """
        handed, _ = await self._look()
        return handed

    async def _look(self) -> tuple[int, bool]:
        async with claimed(self._database, after=self._after, share=self._pace.share) as claim:
            messages = messages_of(claim.jobs)
            if messages:
                await self._put(messages)
        self._after = claim.after
        if messages:
            self._measures.handed(len(claim.jobs), messages=len(messages))
        return len(claim.jobs), claim.everybody

    async def _put(self, messages: Sequence[JobMessage]) -> None:
        try:
            async with asyncio.timeout(self._put_timeout_s):
                await self._queue.put(messages)
        except TimeoutError as error:
            raise QueueUnavailableError(reason=f"no answer in {self._put_timeout_s:g} s") from error

    def _rest_s(self, rested_s: float, *, handed: int, everybody: bool) -> float:
        if not everybody or handed >= self._pace.share.each:
            return 0.0  # some have more to hand over
        if handed:
            return self._pace.busy_s
        return min(self._pace.idle_s, max(self._pace.busy_s, 1.5 * rested_s))

    async def _rest(self, seconds: float) -> None:
        """Rest, unless there is something to do."""
        if self._ended.is_set() or not seconds:
            return
        self._resting = True
        try:
            gather_s = min(seconds, self._pace.gather_s)
            await asyncio.sleep(gather_s)
            async with asyncio.timeout(seconds - gather_s):
                await self._woken.wait()
        except TimeoutError:
            return
        finally:
            self._resting = False


def messages_of(jobs: Sequence[DueJob]) -> tuple[JobMessage, ...]:
    """Group jobs into messages: of one organization and one priority, the most urgent first.

    A job that a process died with goes alone, so that no other dies with it.
    """
    size = min(MOST_IDS, max(FEWEST_IDS, ceil(len(jobs) / SPREAD)))
    ranked = sorted(jobs, key=lambda job: (-job.priority, job.organization_id, job.alone))
    return tuple(
        JobMessage(organization_id=organization_id, job_ids=ids, priority=-rank, alone=alone)
        for (rank, organization_id, alone), found in groupby(
            ranked, key=lambda job: (-job.priority, job.organization_id, job.alone)
        )
        for ids in _parts([job.job_id for job in found], 1 if alone else size)
    )


def _parts(ids: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(ids), size):
        yield tuple(ids[start : start + size])


def _jittered_s(failures: int) -> float:
    return 0.05 + delay_s(failures, base_s=0.2, cap_s=MOST_FAILURES_S, jitter=random.random())
