"""Each guard of the functions of the database, on its own: fences, leases, deaths, and turns."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from runtime.domain.job import AttemptEnd, BegunJob, JobStatus
from runtime.domain.retry import DEFAULT_RETRIES
from runtime.services.jobs.attempts import done, failed
from runtime.store.job_leases import Rescue, beat_jobs, rescue_jobs
from runtime.store.jobs import cancel_jobs, give_back_jobs, reopen_jobs
from runtime.store.outbox import Share
from tests.database import FreshDatabase, session
from tests.job_calls import finish_jobs
from tests.waiting_jobs import WaitingJobs, a_waiting_tenant, changed, somebody_waits

ENDED_LEASES = (
    "update job_leases set until = now() - interval '1 s' where worker = $1",
    "update jobs set leased_until = now() - interval '1 s' where leased_by = $1",
)


async def _row(tenant: WaitingJobs, job_id: str) -> Mapping[str, Any]:
    async with session(tenant.database.urls.superuser_url) as superuser:
        found = await superuser.fetchrow("select * from jobs where id = $1", job_id)
    assert found is not None
    return dict(found)


async def _begun(tenant: WaitingJobs, *, worker: str = "w") -> BegunJob:
    (job,) = await tenant.begin(await tenant.put(1), worker=worker)
    return job


async def _dies(tenant: WaitingJobs, worker: str) -> None:
    """Let a worker be gone for longer than its leases."""
    for statement in ENDED_LEASES:
        await changed(tenant.database, statement, worker)


async def _finish(tenant: WaitingJobs, *ends: AttemptEnd, worker: str = "w") -> Sequence[str]:
    ended = await finish_jobs(tenant.database, ends, organization_id=tenant.id, worker=worker)
    return sorted(ended)


async def _cancel(tenant: WaitingJobs, job_id: str) -> JobStatus:
    async with tenant.database.transaction(tenant.id) as connection:
        found = await cancel_jobs(connection, [job_id], organization_id=tenant.id, reason="no")
    return found[job_id]


async def test_each_start_makes_the_next_fence(database: FreshDatabase) -> None:
    """Also when nobody counts anything against the job."""
    tenant = await a_waiting_tenant(database)
    job = await _begun(tenant)
    await give_back_jobs(database, {job.id: 1}, organization_id=tenant.id, worker="w")

    (again,) = await tenant.begin([job.id])
    assert (job.attempt, again.attempt, again.errors, again.crashes) == (1, 2, 0, 0)


async def test_two_who_begin_a_job_at_once_are_told_apart(database: FreshDatabase) -> None:
    """The second waits for the first, and gets nothing."""
    tenant = await a_waiting_tenant(database)
    ids = list(await tenant.put(1))
    async with session(database.urls.app_url) as first:
        transaction = first.transaction()
        await transaction.start()
        begun = await first.fetch("select id from begin_jobs($1, $2, 'a', 15, 3)", tenant.id, ids)
        second = asyncio.create_task(tenant.begin(ids, worker="b"))
        await somebody_waits(first)
        await transaction.commit()

    assert (len(begun), await second) == (1, ())


async def test_a_job_does_not_start_before_its_time(database: FreshDatabase) -> None:
    """Whatever message names it."""
    tenant = await a_waiting_tenant(database)
    job = await _begun(tenant)
    await _finish(tenant, failed(job, "not now", DEFAULT_RETRIES, jitter=0.9))

    assert await tenant.begin([job.id]) == ()


async def test_a_job_does_not_start_before_those_of_its_key(database: FreshDatabase) -> None:
    """A message that names it out of its turn is no use."""
    tenant = await a_waiting_tenant(database)
    ids = await tenant.put(3, serial_key="press")

    begun = await tenant.begin(ids)
    assert len(begun) == 1
    assert await tenant.begin(ids, worker="other") == ()


async def test_a_job_is_not_taken_from_a_worker_that_lives(database: FreshDatabase) -> None:
    """Its own lease or its worker's beat: one of them is enough."""
    tenant = await a_waiting_tenant(database)
    by_lease, by_beat = await _begun(tenant, worker="a"), await _begun(tenant, worker="b")
    await changed(database, ENDED_LEASES[0], "a")
    await changed(database, ENDED_LEASES[1], "b")

    assert await tenant.begin([by_lease.id, by_beat.id], worker="c") == ()


async def test_only_the_attempt_that_runs_may_end_a_job(database: FreshDatabase) -> None:
    """Neither another worker nor an earlier attempt of the same one."""
    tenant = await a_waiting_tenant(database)
    job = await _begun(tenant)
    await give_back_jobs(database, {job.id: 1}, organization_id=tenant.id, worker="w")
    (again,) = await tenant.begin([job.id])

    assert await _finish(tenant, done(job, {})) == []
    assert await _finish(tenant, done(again, {}), worker="other") == []
    assert await _finish(tenant, done(again, {})) == [job.id]
    assert await _finish(tenant, done(again, {})) == []


async def test_only_the_attempt_that_runs_may_be_given_back(database: FreshDatabase) -> None:
    """A late word of an earlier one changes nothing."""
    tenant = await a_waiting_tenant(database)
    job = await _begun(tenant)
    of = {"organization_id": tenant.id}

    assert await give_back_jobs(database, {job.id: 1}, worker="other", **of) == 0
    assert await give_back_jobs(database, {job.id: 2}, worker="w", **of) == 0
    assert await give_back_jobs(database, {job.id: 1}, worker="w", **of) == 1


async def test_errors_are_counted_and_deaths_forgotten_with_a_success(
    database: FreshDatabase,
) -> None:
    """Deaths count in a row; errors count until the job is done."""
    tenant = await a_waiting_tenant(database)
    job = await _begun(tenant)
    await _dies(tenant, "w")
    (again,) = await tenant.begin([job.id], worker="x")
    at_once = replace(failed(again, "no", DEFAULT_RETRIES, jitter=0.5), wait_s=0.0)
    await _finish(tenant, at_once, worker="x")
    (last,) = await tenant.begin([job.id])
    await _finish(tenant, done(last, {}))

    row = await _row(tenant, job.id)
    assert (again.crashes, last.crashes, last.errors, row["crashes"]) == (1, 1, 1, 0)


async def test_the_third_death_that_a_message_finds_puts_aside(database: FreshDatabase) -> None:
    """Two are survived."""
    tenant = await a_waiting_tenant(database)
    job = await _begun(tenant, worker="w0")
    begun = []
    for number in range(3):
        await _dies(tenant, f"w{number}")
        begun.append(len(await tenant.begin([job.id], worker=f"w{number + 1}")))
        assert (await _row(tenant, job.id))["crashes"] == number + 1

    assert begun == [1, 1, 0]
    assert (await _row(tenant, job.id))["status"] == "quarantined"


async def test_the_third_death_that_a_rescue_finds_puts_aside(database: FreshDatabase) -> None:
    """Two are survived, and the job waits for others at once."""
    tenant = await a_waiting_tenant(database)
    job = await _begun(tenant)
    found = []
    for _ in range(3):
        await _dies(tenant, "w")
        found.append(await rescue_jobs(database))
        await tenant.begin([job.id])

    once = Rescue(rescued=1, quarantined=0)
    assert found == [once, once, Rescue(rescued=0, quarantined=1)]


async def test_a_rescue_leaves_the_living_and_their_jobs_alone(database: FreshDatabase) -> None:
    """By their beat, however long ago their jobs began."""
    tenant = await a_waiting_tenant(database)
    living, dead = await _begun(tenant, worker="a"), await _begun(tenant, worker="b")
    await changed(database, ENDED_LEASES[1], "a")
    await _dies(tenant, "b")

    assert await rescue_jobs(database) == Rescue(rescued=1, quarantined=0)
    assert (await _row(tenant, living.id))["status"] == "running"
    assert (await _row(tenant, dead.id))["status"] == "waiting"


async def test_a_rescue_waits_for_no_other(database: FreshDatabase) -> None:
    """What one looks at is passed over by the next."""
    tenant = await a_waiting_tenant(database)
    await _begun(tenant)
    await _dies(tenant, "w")
    async with session(database.urls.superuser_url) as other, other.transaction():
        await other.execute("select from job_leases for update")
        async with asyncio.timeout(5):
            assert await rescue_jobs(database) == Rescue(rescued=0, quarantined=0)

    assert (await rescue_jobs(database)).rescued == 1


async def test_a_worker_is_known_from_its_first_job_on(database: FreshDatabase) -> None:
    """Whoever dies before it ever beat is rescued; one about to lapse is believed again."""
    tenant = await a_waiting_tenant(database)
    await _begun(tenant)
    asked = "select extract(epoch from until - now()) from job_leases where worker = 'w'"
    async with session(database.urls.superuser_url) as superuser:
        first = await superuser.fetchval(asked)
        await superuser.execute("update job_leases set until = now() + interval '2 s'")
        await _begun(tenant)
        second = await superuser.fetchval(asked)
        await superuser.execute("update job_leases set until = now() + interval '12 s'")
        await _begun(tenant)
        third = await superuser.fetchval(asked)

    assert 10 < first <= 15
    assert 10 < second <= 15
    assert 9 < third <= 12, "who beats as it should is not written down again"


async def test_a_beat_never_takes_time_away(database: FreshDatabase) -> None:
    """And says which jobs storage believes to run, each with its attempt."""
    tenant = await a_waiting_tenant(database)
    job = await _begun(tenant)
    await _cancel(tenant, job.id)

    (held,) = await beat_jobs(database, [tenant.id], worker="w", lease_s=30.0)

    assert (held.job_id, held.attempt, held.asked_to_cancel) == (job.id, 1, True)
    assert await beat_jobs(database, [tenant.id], worker="other", lease_s=30.0) == ()


async def test_nobody_tries_again_what_was_asked_to_be_cancelled(database: FreshDatabase) -> None:
    """Not after an error, not when it is given back, not after a death."""
    tenant = await a_waiting_tenant(database)
    error, back, death = [await _begun(tenant, worker=name) for name in ("a", "b", "c")]
    statuses = [await _cancel(tenant, job.id) for job in (error, back, death)]

    await _finish(tenant, failed(error, "no", DEFAULT_RETRIES, jitter=0.5), worker="a")
    await give_back_jobs(database, {back.id: 1}, organization_id=tenant.id, worker="b")
    await _dies(tenant, "c")
    await rescue_jobs(database)

    assert statuses == [JobStatus.RUNNING] * 3
    rows = [await _row(tenant, job.id) for job in (error, back, death)]
    assert [row["status"] for row in rows] == ["cancelled"] * 3
    assert await tenant.taken() == []


async def test_a_job_that_is_cancelled_waits_in_no_line(database: FreshDatabase) -> None:
    """Neither in the outbox, nor before those of its key."""
    tenant = await a_waiting_tenant(database)
    first, second = await tenant.put(1, serial_key="press"), await tenant.put(1, serial_key="press")

    assert await _cancel(tenant, first[0]) is JobStatus.CANCELLED
    assert await tenant.taken() == list(second)


async def test_jobs_of_a_key_go_in_the_order_of_their_commits(database: FreshDatabase) -> None:
    """One after the other, whether they end well or not."""
    tenant = await a_waiting_tenant(database)
    ids = [(await tenant.put(1, serial_key="press"))[0] for _ in range(4)]
    served = []
    for _ in ids:
        (job,) = await tenant.begin(await tenant.taken())
        served.append(job.id)
        await _finish(tenant, done(job, {}))

    assert served == ids


async def test_two_who_end_and_put_jobs_of_a_key_let_one_go(database: FreshDatabase) -> None:
    """Each waits for the other's transaction, so that none is forgotten and no two run."""
    tenant = await a_waiting_tenant(database)
    (first,) = await tenant.put(1, serial_key="press")
    (job,) = await tenant.begin([first])
    async with session(database.urls.app_url) as worker:
        transaction = worker.transaction()
        await transaction.start()
        await worker.execute(
            "select finish_jobs($1, 'w', cast($2 as json))",
            tenant.id,
            f'[{{"id": "{job.id}", "attempt": 1, "status": "done", "wait_s": 0, "failed": false}}]',
        )
        putting = asyncio.create_task(tenant.put(1, serial_key="press"))
        await somebody_waits(worker)
        await transaction.commit()
        second = await putting

    assert await tenant.taken() == list(second)


async def test_what_was_handed_over_is_due_at_once_when_it_waits_again(
    database: FreshDatabase,
) -> None:
    """A worker that gives back does not leave the job to the time of lost messages."""
    tenant = await a_waiting_tenant(database)
    ids = await tenant.put(1)
    await tenant.taken()
    await tenant.begin(ids)
    await give_back_jobs(database, {ids[0]: 1}, organization_id=tenant.id, worker="w")

    assert await tenant.taken() == list(ids)


async def test_of_jobs_with_one_unique_key_one_is_open(database: FreshDatabase) -> None:
    """Nor is one tried again beside another."""
    tenant = await a_waiting_tenant(database)
    (first,) = await tenant.put(1, unique_key="report")
    none = await tenant.put(1, unique_key="report")
    await _cancel(tenant, first)
    (second,) = await tenant.put(1, unique_key="report")

    async def reopened() -> Sequence[str]:
        async with database.transaction(tenant.id) as connection:
            return await reopen_jobs(connection, [first], organization_id=tenant.id)

    beside = await reopened()
    await _cancel(tenant, second)
    assert (len(none), beside, await reopened()) == (1, (), (first,))
    assert await tenant.taken(Share()) == [first]


async def test_a_job_that_is_tried_again_by_hand_has_all_its_tries(database: FreshDatabase) -> None:
    """Errors and deaths of before count no more; fences go on."""
    tenant = await a_waiting_tenant(database)
    job = await _begun(tenant)
    await _finish(tenant, replace(failed(job, "no", DEFAULT_RETRIES, jitter=0.5), wait_s=0.0))
    (again,) = await tenant.begin([job.id], worker="x")
    await _dies(tenant, "x")
    await rescue_jobs(database)
    await _cancel(tenant, job.id)
    async with database.transaction(tenant.id) as connection:
        await reopen_jobs(connection, [job.id], organization_id=tenant.id)

    (last,) = await tenant.begin([job.id])
    assert (again.errors, last.errors, last.crashes, last.attempt) == (1, 0, 0, 3)
