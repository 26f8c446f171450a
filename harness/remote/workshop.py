"""Do batches of trials on a worker: hold to the run's terms, replay, keep what comes, say so.

Redis decides who is at a batch; a worker that lost its lease stops, and what is done is done.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from harness.budget import BudgetExhausted
from harness.cassette.address import Addresser
from harness.matrix import TrialJob
from harness.remote.answering import Asker, KeptCall
from harness.remote.link import BrokerError, Link
from harness.remote.parcel import Batch, spelled, trial_text
from harness.remote.purse import Purse
from harness.remote.rates import pace_of
from harness.remote.store import RunStore
from harness.remote.terms import Stage, Terms, Unfit, hold_to, hold_to_code
from harness.replay import Contender, replay
from harness.trial import TrialRecord
from runtime.public import JsonObject, parse_model_reference

BEATS_A_LEASE: Final = 4

Opener: TypeAlias = Callable[[Terms], Stage]
"""Open scenarios and models as a run's terms say, or raise `Unfit`; may take seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Say who works, and how.

    Attributes:
        name: for messages and signs of life.
        code: the program that is loaded, which may be older than the files it came from.
        concurrency: trials in flight, over all batches.
        longest_batch_s: after this no further trial of a batch is begun.
        monotonic_s: clock for latencies and for that limit.
    """

    name: str
    code: str
    concurrency: int
    longest_batch_s: float
    monotonic_s: Callable[[], float]


class Workshop:
    """Do batches; belongs to one event loop."""

    def __init__(self, worker: Worker, link: Link, opener: Opener) -> None:
        """Take what it works with."""
        self._worker = worker
        self.link = link
        self._opener = opener
        self._places = asyncio.Semaphore(worker.concurrency)
        self._opening = asyncio.Lock()
        self._stages: dict[str, Stage] = {}
        self._stopping = False

    def stop(self) -> None:
        """Begin no further trial."""
        self._stopping = True

    async def close(self) -> None:
        """Release every model."""
        for stage in self._stages.values():
            for contender in stage.contenders.values():
                await contender.model.close()
        await self.link.close()

    async def do(self, batch: Batch) -> None:
        """Do what is left of a batch; drop it when its run is over or another worker is at it.

        Raises:
            BrokerError: Redis does not serve; the run's own process sends the batch anew.
        """
        store = RunStore(self.link, batch.run)
        if not await store.going(batch.generation):
            return
        terms = await store.terms()
        holder = secrets.token_hex(8)
        if terms is None or not await store.take_lease(
            batch.number, holder, lease_ms=terms.lease_ms
        ):
            return
        await store.say("begun", batch.number)
        task = _Task(batch=batch, terms=terms, store=store, holder=holder)
        keeper = asyncio.create_task(self._keep_lease(task))
        try:
            await self._carry_through(task)
            await store.say("over", batch.number)
        except Unfit as error:
            await store.say("refused", f"worker {self._worker.name}: {error}")
        finally:
            task.over.set()
            await asyncio.wait([keeper])  # a renewal on its way would take the lease back
            await store.release(batch.number, holder)

    async def _keep_lease(self, task: _Task) -> None:
        lease_ms = task.terms.lease_ms
        while task.mine:
            try:
                async with asyncio.timeout(lease_ms / 1000 / BEATS_A_LEASE):
                    await task.over.wait()
            except TimeoutError:
                pass
            else:
                return
            try:
                task.mine = await task.store.renew_lease(
                    task.batch.number, task.holder, lease_ms=lease_ms
                )
            except BrokerError:
                task.mine = False

    async def _carry_through(self, task: _Task) -> None:
        stage = await self._staged(task.terms)
        until_s = self._worker.monotonic_s() + self._worker.longest_batch_s
        askers = self._askers(task.terms, stage)
        async with asyncio.TaskGroup() as group:
            for job in task.batch.jobs:
                group.create_task(self._trial(task, stage, job, asker=askers, until_s=until_s))

    async def _staged(self, terms: Terms) -> Stage:
        """Return what the terms ask for, opened once a process.

        Raises:
            Unfit: this worker can't meet them.
        """
        hold_to_code(terms, self._worker.code)
        setting = terms.setting()
        async with self._opening:
            if setting not in self._stages:
                stage = await asyncio.to_thread(self._opener, terms)
                hold_to(terms, stage)
                self._stages[setting] = stage
        return self._stages[setting]

    def _askers(self, terms: Terms, stage: Stage) -> Mapping[str, Asker]:
        """Return how models that cost something are asked; offline ones need nothing."""
        purse = Purse(self.link, terms.run) if terms.capped else None
        return {
            name: Asker(
                contender=contender,
                reference=parse_model_reference(name),
                addresser=Addresser(name),
                pace=pace_of(self.link, name, terms.rates),
                purse=purse,
                monotonic_s=self._worker.monotonic_s,
            )
            for name, contender in stage.contenders.items()
            if not contender.model.offline
        }

    async def _trial(
        self,
        task: _Task,
        stage: Stage,
        job: TrialJob,
        *,
        asker: Mapping[str, Asker],
        until_s: float,
    ) -> None:
        async with self._places:
            late = self._worker.monotonic_s() > until_s
            if self._stopping or late or not task.mine:
                return
            if not await task.store.going(task.batch.generation):
                return
            if await task.store.is_done(trial_text(job.key)):
                await task.store.say("done", trial_text(job.key))
                return
            contender = stage.contenders[job.key.model]
            paid = asker.get(job.key.model)
            try:
                await _tried(task.store, stage, contender, paid=paid, job=job)
            except BudgetExhausted as error:
                await task.store.close(str(error))


@dataclass(slots=True, kw_only=True)
class _Task:
    """Hold a batch while it is this worker's.

    Attributes:
        mine: false once the lease is lost.
        over: set once nobody works on it any more.
    """

    batch: Batch
    terms: Terms
    store: RunStore
    holder: str
    mine: bool = True
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, kw_only=True)
class _Kept:
    """Gather the answers of one trial as they are kept."""

    store: RunStore
    trial: str
    calls: list[KeptCall] = field(default_factory=list)

    async def keep(self, kept: KeptCall) -> None:
        """Keep one."""
        await self.store.keep_call(self.trial, spelled(kept.document()))
        self.calls.append(kept)


async def _tried(
    store: RunStore, stage: Stage, contender: Contender, *, paid: Asker | None, job: TrialJob
) -> None:
    """Do one trial and keep its record with the answers that it got."""
    trial = trial_text(job.key)
    kept = _Kept(store=store, trial=trial)
    if paid is not None:
        kept.calls = [KeptCall.from_document(item) for item in await store.calls(trial)]
        contender = paid.for_trial(job.key, tuple(kept.calls), kept.keep)
    record = await replay(stage.scenarios[job.key.scenario], contender, job)
    await store.finish(trial, spelled(result_document(record, kept.calls)))


def result_document(record: TrialRecord, calls: list[KeptCall]) -> JsonObject:
    """Say what came of a trial: its record, and the answers for the run's journal."""
    return {"record": record.document(), "calls": [kept.document() for kept in calls]}
