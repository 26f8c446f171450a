"""No job is lost and none is done twice, whatever relays, workers and the broker do in any order.

The machine drives the real database as many processes would: it hands over, loses and repeats
messages, begins, ends, kills workers and lets them come back late, rescues, cancels and reopens.
After each step it reads all rows and holds them to the laws below; in the end everything that was
put must end once workers do their work.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from typing_extensions import override

from runtime.domain.job import MOST_CRASHES, AttemptEnd, BegunJob, JobKind, JobStatus, NewJob
from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from runtime.services.jobs.relay import messages_of
from runtime.store.job_leases import beat_jobs, rescue_jobs
from runtime.store.jobs import cancel_jobs, give_back_jobs, put_jobs, reopen_jobs
from runtime.store.outbox import Share, claimed
from runtime.store.session import Database
from tests.database import DatabaseUrls
from tests.execution import a_caller, a_project
from tests.job_calls import begin_jobs, finish_jobs
from tests.rows import an_id

LEASE_S: Final = 3_600.0
"""Leases end when the machine says so: it sets them back, nobody waits."""
EXAMPLES: Final = 30
STEPS: Final = 30
_ROWS: Final = """
select id, status, offered, attempt, crashes, leased_by, serial_key, unique_key, not_before <= now()
  as due, cancel_asked_at is not null as asked_to_cancel,
  exists (select from outbox where outbox.tenant = organization_id and job_id = id) as in_outbox
from jobs where organization_id = $1
"""
_FORGET_LEASES: Final = (
    "update job_leases set until = until - interval '2 hours' where worker = $1",
    "update jobs set leased_until = leased_until - interval '2 hours' where leased_by = $1",
)
_LET_TIME_PASS: Final = (
    "update jobs set not_before = now() - interval '1 second' where status = 'waiting'",
    "update outbox set not_before = now() - interval '1 second'",
)
_ALLOWED: Final = {
    "waiting": {"waiting", "running", "cancelled"},
    "running": {"running", "waiting", "done", "dead", "cancelled", "quarantined"},
    "done": {"done"},
    "dead": {"dead", "waiting"},
    "cancelled": {"cancelled", "waiting"},
    "quarantined": {"quarantined", "waiting"},
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Remember what a worker believes to run, whether it is alive or not."""

    worker: str
    job: BegunJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hold a database that is open in an event loop of its own."""

    runner: asyncio.Runner
    database: Database
    superuser: asyncpg.Connection[asyncpg.Record]


class JobMachine(RuleBasedStateMachine):
    """Do what processes may do; the laws are the invariants."""

    held = Bundle("held")

    site: Site

    def __init__(self) -> None:
        super().__init__()
        self._database = self.site.database
        self._superuser = self.site.superuser
        self._ids = Ids(SystemClock())
        self._caller = a_caller(self._ids)
        self._put: list[str] = []
        self._messages: list[tuple[str, ...]] = []
        self._dead_workers: set[str] = set()
        self._workers = 0
        self._numbers = itertools.count()
        self._done: Counter[str] = Counter()
        self._before: dict[str, asyncpg.Record] = {}

    @initialize()
    def open(self) -> None:
        """Begin with an organization of this run's own, and with nothing left of others."""
        self._do(self._superuser.execute("truncate outbox, job_leases"))
        self._project = self._do(a_project(self._database, self._caller))

    @rule(
        serial=st.sampled_from([None, "a", "a", "b"]),
        unique=st.sampled_from([None, None, "x"]),
        priority=st.integers(0, 9),
        several=st.integers(1, 4),
    )
    def put(self, serial: str | None, unique: str | None, priority: int, several: int) -> None:
        """Commit jobs; of those with one unique key at most one that has not ended."""
        jobs = [
            NewJob(
                id=an_id("job", next(self._numbers)),  # the same in each run: order matters
                kind=JobKind.EFFECT,
                name="box.label",
                principal_id=self._caller.member_id,
                credential_id="c",
                payload="{}",
                priority=priority,
                serial_key=serial,
                unique_key=unique,
            )
            for _ in range(several)
        ]
        new = self._do(self._put_jobs(jobs))
        found = {job.id for job in jobs} & set(self._rows())
        assert len(found) == new
        assert new == several or unique is not None
        self._put += sorted(found)

    @rule(target=held, each=st.sampled_from([1, 100]), down=st.sampled_from([False] * 5 + [True]))
    def serve(self, each: int, down: bool) -> object:  # noqa: FBT001
        """Hand over what is due and let a worker begin it; a broker that is down leaves it due."""
        earlier = len(self._messages)
        self._do(self._relay(Share(each=each, again_s=600.0), down=down))
        ids = tuple(name for message in self._messages[earlier:] for name in message)
        return self._begun(ids) or multiple()

    @precondition(lambda self: self._messages)
    @rule(target=held, data=st.data(), twice=st.booleans())
    def deliver(self, data: st.DataObject, twice: bool) -> object:  # noqa: FBT001
        """Let a worker begin what a message names, for the first time or again, now or late.

        A message that is never drawn is one that the broker lost.
        """
        place = data.draw(st.integers(0, len(self._messages) - 1))
        ids = self._messages[-1 - place]
        begun = self._begun(ids)
        if twice:
            assert self._do(self._begin(ids, self._new_worker())) == ()
        return begun or multiple()

    @rule(
        those=consumes(held),
        how=st.sampled_from(["done", "done", "dead", "cancelled", "retry", "give back"]),
    )
    def end(self, those: tuple[Held, ...], how: str) -> None:
        """End what a worker holds, alive or not: it counts under the newest fence only."""
        for item in those:
            row = self._rows()[item.job.id]
            own = row["leased_by"] == item.worker and row["attempt"] == item.job.attempt
            counted = self._do(self._end(item, how))
            assert counted == own, "an end counts under the newest fence and no other"
            if own and how == "done":
                self._done[item.job.id] += 1

    @precondition(lambda self: self._live_workers())
    @rule(target=held, data=st.data(), noticed=st.sampled_from(["no", "by rescue", "by queue"]))
    def kill(self, data: st.DataObject, noticed: str) -> object:
        """Let a worker die, or freeze: its leases end while it believes to hold jobs.

        A rescue may notice it, or the queue, which brings the message to another worker.
        """
        worker = data.draw(st.sampled_from(self._live_workers()))
        self._dead_workers.add(worker)
        for statement in _FORGET_LEASES:
            self._do(self._superuser.execute(statement, worker))
        if noticed == "by rescue":
            self.rescue()
        if noticed == "by queue":
            rows = self._rows()
            return (
                self._begun(tuple(n for n in rows if rows[n]["leased_by"] == worker)) or multiple()
            )
        return multiple()

    @precondition(lambda self: self._live_workers())
    @rule(data=st.data())
    def beat(self, data: st.DataObject) -> None:
        """Let a worker beat, whose jobs take longer than the lease that they began with.

        It is told exactly what it runs, and nobody takes that from it.
        """
        worker = data.draw(st.sampled_from(self._live_workers()))
        self._do(self._superuser.execute(_FORGET_LEASES[1], worker))
        organization = self._caller.organization_id
        told = self._do(beat_jobs(self._database, [organization], worker=worker, lease_s=LEASE_S))
        assert {(item.job_id, item.attempt) for item in told} == {
            (name, row["attempt"])
            for name, row in self._rows().items()
            if row["leased_by"] == worker
        }

    def rescue(self) -> None:
        """Take jobs from the dead, and from nobody else."""
        before = self._rows()
        self._do(rescue_jobs(self._database))
        after = self._rows()
        for name, row in before.items():
            taken = row["leased_by"] in self._dead_workers
            assert taken or after[name]["leased_by"] == row["leased_by"]
            assert not taken or after[name]["crashes"] == row["crashes"] + 1

    @precondition(lambda self: self._put)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel a job, however it stands."""
        name = data.draw(st.sampled_from(self._put))
        before = self._rows()[name]
        self._do(self._cancel(name))
        after = self._rows()[name]
        assert after["status"] == (
            "cancelled" if before["status"] == "waiting" else before["status"]
        )
        assert after["asked_to_cancel"] or before["status"] not in {"waiting", "running"}

    @precondition(lambda self: self._put)
    @rule(data=st.data())
    def reopen(self, data: st.DataObject) -> None:
        """Try jobs again that were given up, unless a twin is under way."""
        names = data.draw(st.lists(st.sampled_from(self._put), min_size=1, max_size=4))
        before = self._rows()
        reopened = self._do(self._reopen(names))
        assert all(
            before[name]["status"] in {"dead", "cancelled", "quarantined"} for name in reopened
        )
        assert all(self._rows()[name]["status"] == "waiting" for name in reopened)

    @rule(rescued=st.booleans())
    def let_time_pass(self, rescued: bool = True) -> None:  # noqa: FBT001, FBT002
        """Let waits be over: retries, and what the queue did not bring in time."""
        if rescued:
            self.rescue()
        for statement in _LET_TIME_PASS:
            self._do(self._superuser.execute(statement))

    @invariant()
    def laws_hold(self) -> None:
        """Hold all rows to the laws, and each change to the allowed ones."""
        rows = self._rows()
        assert set(rows) == set(self._put), "a job is gone, or came from nowhere"
        for name, row in rows.items():
            earlier = self._before.get(name)
            if earlier is not None:
                assert row["status"] in _ALLOWED[earlier["status"]]
                assert row["attempt"] >= earlier["attempt"], "a fence went back"
            waits = row["status"] == "waiting" and row["offered"]
            assert row["in_outbox"] == waits, "the outbox holds what waits and may go"
            assert row["crashes"] < MOST_CRASHES or row["status"] == "quarantined"
            assert self._done[name] == (row["status"] == "done"), "done once, or not at all"
        self._before = rows
        self._serial_laws(rows)

    def _serial_laws(self, rows: dict[str, asyncpg.Record]) -> None:
        """Of a serial key one goes, and never none while some wait; of a unique key one is open."""
        unfinished = [row for row in rows.values() if row["status"] in {"waiting", "running"}]
        going = Counter(row["serial_key"] for row in unfinished if row["offered"])
        for key in {row["serial_key"] for row in unfinished} - {None}:
            assert going[key] == 1, f"{going[key]} jobs of the serial key go"
        twins = Counter(row["unique_key"] for row in unfinished if row["unique_key"])
        assert all(count == 1 for count in twins.values())

    @override
    def teardown(self) -> None:
        """Let workers do their work: everything that was put ends."""
        if hasattr(self, "_project"):
            self._finish_all()

    def _finish_all(self) -> None:
        for worker in self._live_workers():
            for statement in _FORGET_LEASES:
                self._do(self._superuser.execute(statement, worker))
        for _ in range(2 * len(self._put) + 2):
            if all(row["status"] not in {"waiting", "running"} for row in self._rows().values()):
                return
            self._do(rescue_jobs(self._database))
            self.let_time_pass()
            self._messages.clear()
            self._do(self._relay(Share(), down=False))
            while self._messages:
                begun = self._do(self._begin(self._messages.pop(), self._new_worker()))
                self.laws_hold()
                for item in begun:
                    if self._do(self._end(item, "done")):
                        self._done[item.job.id] += 1
            self.laws_hold()
        raise AssertionError("jobs are lost: nobody will ever run them")

    def _begun(self, ids: tuple[str, ...]) -> tuple[Held, ...]:
        """Let a new worker begin jobs, and see that it got those that may start and no other."""
        before = self._rows()
        startable = {name for name, row in before.items() if self._startable(row)}
        begun = self._do(self._begin(ids, self._new_worker()))
        after = self._rows()
        quarantined = {name for name, row in after.items() if row["status"] == "quarantined"}
        for name in startable & set(ids):
            died = before[name]["status"] == "running"
            assert after[name]["crashes"] == before[name]["crashes"] + died
        assert {item.job.id for item in begun} == (startable & set(ids)) - quarantined
        return begun

    def _startable(self, row: asyncpg.Record) -> bool:
        if row["status"] == "waiting":
            return bool(row["offered"] and row["due"])
        return row["status"] == "running" and row["leased_by"] in self._dead_workers

    def _live_workers(self) -> list[str]:
        names = {row["leased_by"] for row in self._before.values()} - {None}
        return sorted(names - self._dead_workers)

    def _new_worker(self) -> str:
        self._workers += 1
        return f"worker-{self._workers - 1}"

    def _rows(self) -> dict[str, asyncpg.Record]:
        found = self._do(self._superuser.fetch(_ROWS, self._caller.organization_id))
        return {row["id"]: row for row in found}

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self.site.runner.run(work)

    async def _put_jobs(self, jobs: list[NewJob]) -> int:
        async with self._database.transaction(self._caller.organization_id) as connection:
            return await put_jobs(
                connection,
                jobs,
                organization_id=self._caller.organization_id,
                project_id=self._project,
                at=self._ids.now(),
            )

    async def _relay(self, share: Share, *, down: bool) -> None:
        try:
            async with claimed(self._database, after="", share=share) as claim:
                if down:
                    raise ConnectionResetError  # noqa: TRY301  # what a broker's client raises
                self._messages += [item.job_ids for item in messages_of(claim.jobs)]
        except Exception:
            if not down:
                raise

    async def _begin(self, ids: tuple[str, ...], worker: str) -> tuple[Held, ...]:
        jobs = await begin_jobs(
            self._database,
            ids,
            organization_id=self._caller.organization_id,
            worker=worker,
            lease_s=LEASE_S,
        )
        return tuple(Held(worker=worker, job=job) for job in jobs)

    async def _end(self, item: Held, how: str) -> bool:
        job, organization = item.job, self._caller.organization_id
        if how == "give back":
            given = await give_back_jobs(
                self._database,
                {job.id: job.attempt},
                organization_id=organization,
                worker=item.worker,
            )
            return given == 1
        status = JobStatus.WAITING if how == "retry" else JobStatus(how)
        end = AttemptEnd(
            id=job.id, attempt=job.attempt, status=status, wait_s=60.0, failed=how == "retry"
        )
        ended = await finish_jobs(
            self._database, [end], organization_id=organization, worker=item.worker
        )
        return job.id in ended

    async def _cancel(self, name: str) -> None:
        organization = self._caller.organization_id
        async with self._database.transaction(organization) as connection:
            await cancel_jobs(connection, [name], organization_id=organization, reason="unwanted")

    async def _reopen(self, names: list[str]) -> tuple[str, ...]:
        organization = self._caller.organization_id
        async with self._database.transaction(organization) as connection:
            return await reopen_jobs(connection, names, organization_id=organization)


def test_no_job_is_lost_and_none_is_done_twice(database_urls: DatabaseUrls) -> None:
    """In any order of what processes and the broker may do, every job ends, and is done once."""
    with asyncio.Runner() as runner:
        site = Site(
            runner=runner,
            database=runner.run(Database.opened(database_urls.app_url)),
            superuser=runner.run(asyncpg.connect(database_urls.superuser_url)),
        )
        machine = type("JobMachineHere", (JobMachine,), {"site": site})
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(site.superuser.close())
            runner.run(site.database.close())
