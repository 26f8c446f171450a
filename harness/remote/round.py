"""Bring one round of trials home: send batches, listen, take records, send anew what was lost."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from harness.matrix import TrialJob
from harness.remote.accounts import Accounts
from harness.remote.answering import KeptCall
from harness.remote.link import BrokerError
from harness.remote.parcel import QUEUE, Batch, batches, spelled, trial_text
from harness.remote.store import Kind, RunStore
from harness.remote.terms import Terms
from harness.trial import TrialRecord, TrialStatus
from runtime.public import JsonObject

MOST_LOSSES: Final = 3
"""A batch that is lost so often without a trial done ends the run: it may be what kills workers."""

OPEN_MS: Final = 60_000
NEWS_S: Final = 1.0


class Sending(Protocol):
    """Put batches in line; the queue of Celery does."""

    async def send(self, batch: Batch) -> None:
        """Put one in line."""
        ...


@dataclass(slots=True, kw_only=True)
class _Sent:
    """Follow one batch.

    Attributes:
        trials: those that nobody finished yet.
        begun: a worker took it.
        doubtful: nobody was at it when we looked last.
        losses: how often it was lost since a trial of it was done.
    """

    trials: set[str]
    begun: bool = False
    doubtful: bool = False
    losses: int = 0


@dataclass(slots=True, kw_only=True)
class Round:
    """Follow the trials of one round until each has its record or no more can be paid.

    Attributes:
        waiting: jobs without a record, by trial.
        monotonic_s: clock for leases and for `idle_s`.
        idle_s: how long to wait for a first worker.
        told: says that nobody works yet.
        closed: why no more trials are begun.
    """

    terms: Terms
    store: RunStore
    sender: Sending
    accounts: Accounts
    waiting: dict[str, TrialJob]
    sink: Callable[[TrialRecord], None]
    monotonic_s: Callable[[], float]
    idle_s: float
    told: Callable[[str], None]
    closed: str | None = None
    _sent: dict[str, _Sent] = field(default_factory=dict)
    _looked_s: float = 0.0
    _alone_since_s: float | None = None

    async def carry_through(self) -> str | None:
        """Do it; whatever happens, the workers are told to begin nothing more.

        Raises:
            BrokerError: the broker does not serve, a worker refused, none came, or a batch was
                lost again and again.
        """
        try:
            await self.store.publish(self.terms, open_ms=OPEN_MS)
            await self._take_up()
            for jobs in batches(list(self.waiting.values())):
                await self._send(secrets.token_hex(8), jobs)
            self._looked_s = self.monotonic_s()
            while self.waiting and not (self.closed and not self._under_way()):
                await self.store.keep_open(self.terms.generation, open_ms=OPEN_MS)
                await self._listen()
                await self._look_after()
            await self._gather_answers()
        finally:
            await self.store.halt()
        return self.closed if self.waiting else None

    @property
    def _patience_s(self) -> float:
        return min(NEWS_S, self.terms.lease_ms / 2000)

    def _under_way(self) -> bool:
        return any(sent.begun for sent in self._sent.values())

    async def _take_up(self) -> None:
        """Take what workers finished for an earlier process of this run; lost trials are redone."""
        found = await self.store.documents(list(self.waiting))
        lost = [trial for trial, document in found.items() if not _scored(document)]
        for trial in lost:
            self._take_answers(found.pop(trial))
        await self.store.undo(lost)
        for trial, document in found.items():
            self._take(trial, document)
        await self._gather_answers()
        if self.accounts.journal is None:
            return
        for trial, job in self.waiting.items():
            await self.store.forget_calls(trial)
            for kept in self.accounts.answers(job.key):
                await self.store.keep_call(trial, spelled(kept.document()))

    async def _gather_answers(self) -> None:
        """Write down the answers of trials that have no record."""
        if self.accounts.journal is None:
            return
        for trial in self.waiting:
            kept = await self.store.calls(trial)
            self.accounts.answered(KeptCall.from_document(document) for document in kept)

    async def _send(self, number: str, jobs: Iterable[TrialJob]) -> None:
        batch = Batch(
            run=self.terms.run,
            generation=self.terms.generation,
            number=number,
            jobs=tuple(jobs),
        )
        sent = self._sent.setdefault(number, _Sent(trials=set()))
        sent.trials = {trial_text(job.key) for job in batch.jobs}
        sent.begun = sent.doubtful = False
        await self.sender.send(batch)

    async def _listen(self) -> None:
        done = list[str]()
        for kind, about in await self.store.news(timeout_s=self._patience_s):
            if kind == "done":
                done.append(about)
            else:
                await self._records(done)
                done.clear()
                await self._heed(kind, about)
        await self._records(done)

    async def _records(self, trials: Iterable[str]) -> None:
        wanted = [trial for trial in dict.fromkeys(trials) if trial in self.waiting]
        for trial, document in (await self.store.documents(wanted)).items():
            self._take(trial, document)

    async def _heed(self, kind: Kind, about: str) -> None:
        if kind == "refused":
            raise BrokerError(f"a trial was refused: {about}")
        if kind == "closed":
            self.closed = about
        elif kind == "begun" and about in self._sent:
            self._sent[about].begun = True
        elif kind == "over" and about in self._sent:
            await self._again(about)

    def _take(self, trial: str, document: JsonObject) -> None:
        """Take a trial's first record; a second one counts for nothing."""
        record = TrialRecord.from_document(document["record"])
        if trial_text(record.key) != trial:
            raise BrokerError(
                f"trial {trial} came back as {trial_text(record.key)}: not our worker"
            )
        self._take_answers(document)
        self.sink(record)
        del self.waiting[trial]
        for sent in self._sent.values():
            if trial in sent.trials:
                sent.trials.discard(trial)
                sent.losses = 0

    def _take_answers(self, document: JsonObject) -> None:
        self.accounts.answered(KeptCall.from_document(item) for item in document["calls"])

    async def _look_after(self) -> None:
        """Send anew what nobody is at, twice in a row, and notice that nobody works at all."""
        now_s = self.monotonic_s()
        if now_s - self._looked_s < self._patience_s:
            return
        self._looked_s = now_s
        await self._wait_for_workers(now_s)
        leased = await self.store.leased(self._sent)
        queued = await self.store.queued(QUEUE)
        for number, sent in list(self._sent.items()):
            missing = number not in leased and (sent.begun or not queued)
            if missing and sent.doubtful:
                await self._again(number)
            elif number in self._sent:
                sent.doubtful = missing

    async def _again(self, number: str) -> None:
        """Send what is left of a batch that nobody is at, unless nothing is."""
        sent = self._sent[number]
        await self._records(sorted(sent.trials))
        if not sent.trials or self.closed:
            del self._sent[number]
            return
        sent.losses += 1
        if sent.losses > MOST_LOSSES:
            raise BrokerError(
                f"a batch was lost {sent.losses} times and none of its trials was done: "
                f"{', '.join(sorted(sent.trials)[:3])}; see what the workers say"
            )
        await self._send(number, [self.waiting[trial] for trial in sorted(sent.trials)])

    async def _wait_for_workers(self, now_s: float) -> None:
        if self._under_way() or await self.store.workers():
            self._alone_since_s = None
            return
        if self._alone_since_s is None:
            self._alone_since_s = now_s
            self.told("no worker is there yet; start some with `plangate eval worker --broker URL`")
        if now_s - self._alone_since_s > self.idle_s:
            raise BrokerError(f"no worker came in {self.idle_s:g} s")


def _scored(document: JsonObject) -> bool:
    return bool(document["record"]["status"] == TrialStatus.SCORED.value)
