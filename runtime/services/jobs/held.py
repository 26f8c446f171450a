"""Remember which jobs this worker runs, and stop those that it should not run any more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from runtime.domain.errors import LostAttemptError
from runtime.domain.job import AttemptEnd, BegunJob
from runtime.domain.retry import DEFAULT_RETRIES
from runtime.services.jobs.attempts import cancelled, failed
from runtime.store.job_leases import HeldJob


class Stop(StrEnum):
    """Say why a job was stopped: it is another's, nobody wants it, or this worker ends."""

    LOST = "lost"
    CANCELLED = "cancelled"
    ENDING = "ending"


@dataclass(slots=True)
class HeldAttempt:
    """Hold one attempt of this worker.

    Attributes:
        task: makes the attempt; None before it does.
        stopped: why it was stopped, if it was.
        committing: what it wrote is being stored with its end, which tells whose it is.
        stored: how it ended is stored.
    """

    job: BegunJob
    task: asyncio.Task[AttemptEnd] | None = None
    stopped: Stop | None = None
    committing: bool = False
    stored: bool = False

    def commit(self) -> None:
        """Let the commit of what it wrote tell whether it is another's by now."""
        self.committing = True

    def stop(self, why: Stop) -> None:
        """Stop the attempt, unless it is over or was stopped before."""
        if why is Stop.LOST and self.committing:
            return
        if self.stopped is None and (self.task is None or not self.task.done()):
            self.stopped = why
            if self.task is not None:
                self.task.cancel()


def end_of(held: HeldAttempt, *, chance: Callable[[], float]) -> AttemptEnd | None:
    """Return how an attempt ended; None: that is not for us to say, or it was not made."""
    task = held.task
    if task is not None and not task.cancelled():
        error = task.exception()
        if error is None:
            return task.result()
        if isinstance(error, LostAttemptError):
            held.stopped = Stop.LOST
            return None
        reason = f"it could not be run: {type(error).__name__}"
        return failed(held.job, reason, DEFAULT_RETRIES, jitter=chance())
    match held.stopped:
        case Stop.CANCELLED:
            return cancelled(held.job, "cancelled while it ran")
        case Stop.LOST | Stop.ENDING:
            return None
        case None:
            return failed(
                held.job, "its handler cancelled itself", DEFAULT_RETRIES, jitter=chance()
            )


class HeldJobs:
    """Hold the attempts of one worker, and the ids that it is just asking for."""

    def __init__(self) -> None:
        self._attempts: dict[tuple[str, str], HeldAttempt] = {}
        self._beginning: Counter[tuple[str, str]] = Counter()

    def __len__(self) -> int:
        return len(self._attempts)

    def __iter__(self) -> Iterator[HeldAttempt]:
        return iter(tuple(self._attempts.values()))

    @property
    def organizations(self) -> set[str]:
        """Return for whom the worker works."""
        return {named[0] for named in (*self._attempts, *self._beginning)}

    @contextmanager
    def beginning(self, organization_id: str, ids: Iterable[str]) -> Iterator[None]:
        """Remember that jobs are asked for; what the block takes in is held when it ends."""
        named = [(organization_id, job_id) for job_id in ids]
        self._beginning.update(named)
        try:
            yield
        finally:
            self._beginning -= Counter(named)

    def take(self, job: BegunJob) -> HeldAttempt:
        """Hold an attempt; an earlier one of the same job is lost by that."""
        named = (job.organization_id, job.id)
        earlier = self._attempts.get(named)
        if earlier is not None:
            earlier.stop(Stop.LOST)
        held = self._attempts[named] = HeldAttempt(job)
        return held

    def release(self, held: HeldAttempt) -> None:
        """Hold an attempt no longer."""
        named = (held.job.organization_id, held.job.id)
        if self._attempts.get(named) is held:
            del self._attempts[named]

    def compare(
        self, before: Iterable[HeldAttempt], stored: Iterable[HeldJob]
    ) -> tuple[HeldJob, ...]:
        """Stop what storage says is another's or not wanted; return what it says of us wrongly.

        Args:
            before: what was held when storage was asked: later attempts it may not know yet.
            stored: what it answered.
        """
        known = {(item.organization_id, item.job_id): item for item in stored}
        for held in before:
            found = known.get((held.job.organization_id, held.job.id))
            if found is None or found.attempt != held.job.attempt:
                held.stop(Stop.LOST)
            elif found.asked_to_cancel:
                held.stop(Stop.CANCELLED)
        return tuple(
            item
            for named, item in known.items()
            if named not in self._attempts and not self._beginning[named]
        )
