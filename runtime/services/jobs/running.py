"""Run jobs that the queue names: lease them, ask whether they may run, run them, store their ends.

A worker says every third of a lease that it is alive; storage answers what it believes the worker
runs, and what differs is put right on either side. An end counts only under the fence that its
attempt began with. What is never said of an attempt is that it did not happen: handlers run at
least once, and their idempotency keys make the world see them once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import DomainError, LostAttemptError, QueueUnavailableError
from runtime.domain.job import MOST_CRASHES, AttemptEnd, BegunJob, EndCause, JobKind
from runtime.services.jobs.attempts import (
    cancelled,
    done,
    expired,
    put_off,
    raised,
    unknown,
)
from runtime.services.jobs.begins import Begins, Lease
from runtime.services.jobs.bounded import Bounded
from runtime.services.jobs.ends import Ends
from runtime.services.jobs.held import HeldAttempt, HeldJobs, Stop, end_of
from runtime.services.jobs.measures import JobMeasures, UnmeasuredJobs
from runtime.services.jobs.reauthorising import Reauthorising
from runtime.services.jobs.runner import Bar, Barred, Bounds, Cleared, Runner
from runtime.services.jobs.slots import FairSlots
from runtime.store.job_leases import HeldJob, beat_jobs
from runtime.store.jobs import give_back_jobs
from runtime.store.session import Database

GIVING_BACK_S: Final = 6.0
"""How long a worker that ends waits for jobs that it stopped, and for the database, each."""
UNASKED_WAIT_S: Final = 30.0
"""The longest wait until it is asked again whether a job may run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPace:
    """Bound a worker.

    Attributes:
        lease_s: how long it is believed to be alive without a further word.
        at_once: how many jobs it runs at a time, of all organizations; see `FairSlots`.
        crashes: how many processes may die with a job, before it is put aside.
    """

    lease_s: float = 15.0
    at_once: int = 100
    crashes: int = MOST_CRASHES


class Running:
    """Run jobs in this process; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        reauthorising: Reauthorising,
        *,
        runners: Mapping[JobKind, Runner],
        worker: str,
        pace: WorkerPace | None = None,
        measures: JobMeasures | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Hold nothing yet.

        Args:
            database: where jobs are.
            reauthorising: tells whether they may run.
            runners: run them, by their kind.
            worker: the name of this process, random, so that no other one ever has it.
            pace: its bounds.
            measures: told what happens.
            chance: a random number in [0, 1), which spreads retries.
        """
        self._database = database
        self._reauthorising = reauthorising
        self._runners = runners
        self._worker = worker
        self._pace = pace or WorkerPace()
        self._measures = measures or UnmeasuredJobs()
        self._chance = chance
        self._held = HeldJobs()
        lease = Lease(worker=worker, lease_s=self._pace.lease_s, crashes=self._pace.crashes)
        self._begins = Begins(database, lease, orphaned=self._doubt)
        self._ends = Ends(database, worker=worker, measures=self._measures)
        self._slots = FairSlots(self._pace.at_once)
        self._bounded = Bounded()
        self._doubtful: set[str] = set()
        self._messages = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._beating: asyncio.Task[None] | None = None
        self._ending = False

    @property
    def running(self) -> int:
        """Return how many jobs this worker holds."""
        return len(self._held)

    async def run(self, organization_id: str, ids: Sequence[str]) -> int:
        """Run those of an organization's jobs that may start now, and return how many that were.

        Returns when all of them have ended and that is stored, so that a message of the queue may
        be forgotten then.

        Raises:
            QueueUnavailableError: this worker ends; others have to be offered them.
            StorageUnavailableError: the database can't be asked; nothing was run.
        """
        if self._ending:
            raise QueueUnavailableError(reason="this worker ends")
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat_on(), name=f"beat {self._worker}")
        self._messages += 1
        self._idle.clear()
        try:
            held = await self._begun(organization_id, ids)
            if held:
                await self._all(organization_id, held)
        finally:
            self._messages -= 1
            if not self._messages:
                self._idle.set()
        return len(held)

    async def beat(self) -> None:
        """Say that this worker is alive, and put right what storage believes of it.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        before, doubtful = tuple(self._held), frozenset(self._doubtful)
        organizations = self._held.organizations | doubtful
        if not organizations:
            return
        stored = await beat_jobs(
            self._database, tuple(organizations), worker=self._worker, lease_s=self._pace.lease_s
        )
        await self._give_back(self._held.compare(before, stored))
        self._doubtful -= doubtful

    async def close(self, *, grace_s: float) -> None:
        """Take nothing more, wait for what runs, and give back what does not end in time."""
        self._ending = True
        await self._until_idle(within_s=grace_s)
        for item in self._held:
            item.stop(Stop.ENDING)
        await self._until_idle(within_s=GIVING_BACK_S)
        await self._begins.close()
        await self._ends.close(within_s=GIVING_BACK_S)
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.wait({self._beating})
        self._bounded.close()

    def _doubt(self, organization_id: str) -> None:
        """Have the next beat ask what is believed of us there."""
        self._doubtful.add(organization_id)

    async def _until_idle(self, *, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            return

    async def _all(self, organization_id: str, held: Sequence[HeldAttempt]) -> None:
        """Make the attempts of one message, all at a time."""
        try:
            found = await self._cleared(organization_id, [item.job for item in held])
            async with asyncio.TaskGroup() as group:
                for item in held:
                    group.create_task(self._one(item, found.get(item.job.id)))
        finally:
            for item in held:
                self._held.release(item)

    async def _begun(self, organization_id: str, ids: Sequence[str]) -> Sequence[HeldAttempt]:
        with self._held.beginning(organization_id, ids):
            try:
                jobs = await self._begins.begin(organization_id, ids)
            except BaseException:  # they may be leased to us all the same: the next beat tells
                self._doubtful.add(organization_id)
                raise
            held = [self._held.take(job) for job in jobs]
        self._measures.begun(len(jobs), refused=len(ids) - len(jobs))
        return held

    async def _cleared(
        self, organization_id: str, jobs: Sequence[BegunJob]
    ) -> Mapping[str, Cleared | Barred]:
        """Return whether jobs may run; none may where that can't be found out."""
        try:
            return await self._reauthorising.of(organization_id, jobs)
        except DomainError as error:
            self._measures.failed("reauthorising", error)
            unasked = Barred(reason=str(error), bar=Bar.UNASKED)
            return {job.id: unasked for job in jobs}

    async def _one(self, held: HeldAttempt, found: Cleared | Barred | None) -> None:
        """Make one attempt, and store how it ended."""
        try:
            if held.stopped is None:
                held.task = asyncio.create_task(
                    self._attempt(held, found), name=f"job {held.job.id}"
                )
                await asyncio.wait({held.task})
            end = end_of(held, chance=self._chance)
            if end is None:
                await self._dropped(held)
                return
            if held.stored or await self._ends.write(held.job.organization_id, end):
                self._measures.ended(held.job.name, end.status.value)
            else:
                self._measures.lost(1)
        except (
            asyncio.CancelledError
        ):  # who waits for the message gave up: the next beat gives back
            held.stop(Stop.ENDING)
            self._doubtful.add(held.job.organization_id)
            raise
        finally:
            self._held.release(held)

    async def _dropped(self, held: HeldAttempt) -> None:
        """Leave an attempt that is another's by now; let others make one that we gave up."""
        job = held.job
        if held.stopped is Stop.LOST:
            self._measures.lost(1)
            return
        await self._give_back(
            [
                HeldJob(
                    organization_id=job.organization_id,
                    job_id=job.id,
                    attempt=job.attempt,
                    asked_to_cancel=False,
                )
            ]
        )

    async def _attempt(self, held: HeldAttempt, found: Cleared | Barred | None) -> AttemptEnd:
        """Make an attempt; whatever happens in it is an end, but that it is another's.

        Raises:
            LostAttemptError: it is another's by now.
        """
        job = held.job
        runner = self._runners.get(job.kind)
        past = None if runner is None else runner.past(job)
        if past is not None:
            return done(job, past)
        if job.asked_to_cancel:
            return cancelled(job, "cancelled before it could be tried again")
        if not isinstance(found, Cleared):
            return self._barred(job, found or Barred(reason="nobody was asked", bar=Bar.UNASKED))
        bounds = None if runner is None else runner.bounds(job)
        if runner is None or bounds is None:
            reason = f"nothing here is called '{job.name}'; a newer release may know it"
            return unknown(job, reason, jitter=self._chance())
        latest_s = bounds.schedule_to_start_s
        if job.attempt == 1 and latest_s is not None and job.waited_s > latest_s:
            return expired(job, latest_s=latest_s)
        async with self._slots.taken(job.organization_id):
            self._measures.waited(job.waited_s)
            return await self._run(runner, held, cleared=found, bounds=bounds)

    async def _run(
        self, runner: Runner, held: HeldAttempt, *, cleared: Cleared, bounds: Bounds
    ) -> AttemptEnd:
        job = held.job
        try:
            ran = await self._bounded.run(
                runner.run(job, cleared, committing=held.commit), within_s=bounds.start_to_close_s
            )
        except LostAttemptError:
            raise
        except Exception as error:  # noqa: BLE001  # foreign code runs there: it becomes an end
            return raised(job, error, bounds, jitter=self._chance())
        held.stored = ran.stored
        return done(job, ran.document)

    def _barred(self, job: BegunJob, found: Barred) -> AttemptEnd:
        match found.bar:
            case Bar.DENIED:
                return cancelled(job, found.reason, cause=EndCause.DENIED)
            case Bar.UNKNOWN:
                return unknown(job, found.reason, jitter=self._chance())
            case Bar.UNASKED:
                wait_s = 1.0 + self._chance() * UNASKED_WAIT_S
                return put_off(job, found.reason, wait_s=wait_s)

    async def _give_back(self, jobs: Sequence[HeldJob]) -> None:
        for organization_id in {item.organization_id for item in jobs}:
            fences = {
                item.job_id: item.attempt
                for item in jobs
                if item.organization_id == organization_id
            }
            try:
                await give_back_jobs(
                    self._database, fences, organization_id=organization_id, worker=self._worker
                )
            except DomainError as error:
                self._measures.failed("give back", error)
                self._doubtful.add(organization_id)

    async def _beat_on(self) -> None:
        """Beat until the end; a beat that fails is made again soon."""
        every_s = self._pace.lease_s / 3
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.beat()
            except DomainError as error:
                self._measures.failed("beat", error)
