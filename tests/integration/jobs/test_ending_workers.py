"""Workers end, lose answers and lose the database, and no end of a job is lost with them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from runtime.domain.errors import QueueUnavailableError, StorageUnavailableError
from runtime.domain.job import JobStatus
from runtime.ports.effect import EffectCall, EffectResult
from runtime.services.jobs.running import Running
from tests.database import session
from tests.gates import Gate
from tests.jobs import Shop, until


async def test_a_worker_that_ends_gives_back_what_it_can_not_finish(shop: Shop) -> None:
    """Nothing is counted against the job, and it waits for nobody's lease."""
    gate = Gate()
    shop.does = gate.pass_through
    await shop.put(value=1)
    worker = shop.worker()
    running = asyncio.create_task(shop.deliver(worker))
    await gate.begun.wait()

    await worker.close(grace_s=0.01)
    await running

    job = await shop.job()
    assert (job.status, job.errors, job.crashes) == (JobStatus.WAITING, 0, 0)
    with pytest.raises(QueueUnavailableError):
        await worker.run(shop.organization, [job.id])
    shop.does = shop.receiver.label
    assert await shop.deliver(shop.worker()) == 1


async def test_a_worker_that_ends_waits_for_what_ends_in_time(shop: Shop) -> None:
    """A roll of a new release does not repeat what was nearly over."""
    gate = Gate()
    shop.does = gate.pass_through
    await shop.put(value=1)
    worker = shop.worker()
    running = asyncio.create_task(shop.deliver(worker))
    await gate.begun.wait()

    ending = asyncio.create_task(worker.close(grace_s=10))
    await asyncio.sleep(0)
    gate.open.set()
    await ending
    await running

    assert ((await shop.job()).status, gate.stopped) == (JobStatus.DONE, 0)


async def test_jobs_leased_by_an_answer_that_was_lost_are_given_back(shop: Shop) -> None:
    """A worker that never learned what it was given lets others have it when it next beats."""
    await shop.put(value=1)
    job = await shop.job()
    worker = shop.worker()
    await _begin_and_give_up(shop, job.id, worker)

    assert (await shop.job()).status is JobStatus.RUNNING
    await worker.beat()

    assert (await shop.job()).status is JobStatus.WAITING
    assert await shop.deliver(shop.worker()) == 1


async def test_ends_are_written_when_the_database_is_back(shop: Shop) -> None:
    """The effect took place: its end waits for the database, however long that takes."""
    gate = Gate()
    shop.does = gate.pass_through
    await shop.put(value=1)
    running = asyncio.create_task(shop.deliver(shop.worker()))
    await gate.begun.wait()
    async with session(shop.superuser_url) as other, other.transaction():
        await other.execute("lock table jobs in access exclusive mode")
        gate.open.set()

        async def end_is_tried() -> bool:
            await other.execute("select pg_stat_clear_snapshot()")  # a transaction keeps its look
            found = await other.fetch(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and wait_event_type = 'Lock' "
                "and query like '%finish_many%'"
            )
            return bool(found)

        await until(end_is_tried)
    await running

    assert (await shop.job()).status is JobStatus.DONE
    assert shop.measures.counts["failed end"] >= 1


async def test_a_slow_job_does_not_keep_its_neighbours_ends(shop: Shop) -> None:
    """Those of a message that are over are over, whatever the others do."""
    gate = Gate()
    slow: list[str] = []

    async def one_is_slow(call: EffectCall) -> EffectResult:
        if not slow:
            slow.append(call.job_id)
            return await gate.pass_through(call)
        return await shop.receiver.label(call)

    shop.does = one_is_slow
    await shop.put("box.put@1", times=5, value=1)
    ids = [job.id for job in await shop.jobs()]
    running = asyncio.create_task(shop.worker().run(shop.organization, ids))

    async def others_are_done() -> bool:
        return (await shop.statuses()) == {JobStatus.DONE: 4, JobStatus.RUNNING: 1}

    await until(others_are_done)
    gate.open.set()
    await running
    assert await shop.statuses() == {JobStatus.DONE: 5}


async def test_a_database_that_is_gone_is_told_to_the_queue(shop: Shop) -> None:
    """A message that could not be begun is not forgotten: whoever brought it learns."""
    worker = shop.worker()
    await shop.world.database.direct.close()

    with pytest.raises(StorageUnavailableError):
        await worker.run(shop.organization, ["job_01KDVDNA000000000000000000"])


async def _begin_and_give_up(shop: Shop, job_id: str, worker: Running) -> None:
    """Let a worker give up while the database still gives it a job."""
    async with session(shop.superuser_url) as other:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("lock table outbox in access exclusive mode")
        begun = asyncio.create_task(worker.run(shop.organization, [job_id]))
        await _waits_for_lock(other)
        begun.cancel()
        with suppress(asyncio.CancelledError):
            await begun
        await transaction.rollback()
    await shop.superuser.execute(
        "update jobs set status = 'running', attempt = 1, leased_by = 'worker-1', "
        "leased_until = now() + interval '15 s' where id = $1",
        job_id,
    )
    await shop.superuser.execute("delete from outbox")


async def _waits_for_lock(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    async def waiting() -> bool:
        return bool(
            await connection.fetchval(
                "select count(*) from pg_stat_activity where datname = current_database() "
                "and wait_event_type = 'Lock'"
            )
        )

    await until(waiting)
