"""Workers die, freeze and come back: every job is done all the same, and counts once."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from runtime.domain.job import JobStatus
from runtime.ports.job_queue import JobMessage
from runtime.services.jobs.running import WorkerPace
from tests.gates import Gate
from tests.jobs import Shop, until


async def test_a_job_of_a_dead_worker_is_done_by_another(shop: Shop) -> None:
    """It is put back once its worker is not heard of any more, and the death is counted."""
    gate = Gate()
    shop.does = gate.pass_through
    await shop.put(value=1)
    dying = asyncio.create_task(shop.deliver(shop.worker()))
    await gate.begun.wait()
    await shop.let_leases_end()
    shop.does = shop.receiver.label

    await shop.rescue()
    await shop.deliver(shop.worker())
    gate.open.set()
    await dying

    job = await shop.job()
    assert (job.status, job.attempt, job.crashes) == (JobStatus.DONE, 2, 0)
    assert shop.measures.counts["rescued"] == 1
    assert shop.measures.counts["lost"] == 1, (
        "what the frozen worker says afterwards counts nothing"
    )


async def test_a_message_that_comes_again_takes_over_from_the_dead(shop: Shop) -> None:
    """A broker may notice a death before anybody looks for it."""
    gate = Gate()
    shop.does = gate.pass_through
    await shop.put(value=1)
    dying = asyncio.create_task(shop.deliver(shop.worker()))
    await gate.begun.wait()
    job = await shop.job()
    assert await shop.worker().run(shop.organization, [job.id]) == 0, "its worker lives"
    await shop.let_leases_end()
    shop.does = shop.receiver.label

    assert await shop.worker().run(shop.organization, [job.id]) == 1

    gate.open.set()
    await dying
    assert (await shop.job()).status is JobStatus.DONE
    assert shop.receiver.done == {job.id: 1}


async def test_deaths_that_the_queue_notices_count_as_well(shop: Shop) -> None:
    """Whoever takes over counts the death; the third puts the job aside, and nobody runs it."""
    gate = Gate()
    shop.does = gate.pass_through
    await shop.put(value=1)
    job = await shop.job()
    seen, dying = [], []
    for _ in range(3):
        gate.begun.clear()
        dying.append(asyncio.create_task(shop.deliver(shop.worker())))
        await gate.begun.wait()
        seen.append((await shop.job()).crashes)
        await shop.let_leases_end()
        await shop.queue.put([JobMessage(organization_id=shop.organization, job_ids=(job.id,))])

    assert await shop.deliver(shop.worker()) == 0

    job = await shop.job()
    assert (seen, job.crashes, job.status) == ([0, 1, 2], 3, JobStatus.QUARANTINED)
    gate.open.set()
    await asyncio.wait(dying)
    assert (await shop.job()).status is JobStatus.QUARANTINED
    assert shop.measures.counts["lost"] == 3


async def test_a_job_that_kills_is_put_aside_after_three_deaths(shop: Shop) -> None:
    """It goes alone from the second time on, and never a fourth time."""
    await shop.put("box.put@1", times=3, value=1)
    killer, *others = [job.id for job in await shop.jobs()]
    gate = Gate()
    shop.does = gate.pass_through
    sizes = []
    for _ in range(3):
        await shop.let_waits_end()
        await shop.relay.look()
        messages = shop.queue.everything()
        sizes.append(sorted(len(item.job_ids) for item in messages if killer in item.job_ids))
        gate.begun.clear()
        dying = asyncio.create_task(shop.worker().run(shop.organization, [killer]))
        await gate.begun.wait()
        await shop.let_leases_end()
        await shop.rescue()
        dying.cancel()
        with suppress(asyncio.CancelledError):
            await dying

    job = next(job for job in await shop.jobs() if job.id == killer)
    assert (job.status, job.crashes) == (JobStatus.QUARANTINED, 3)
    assert "died" in (job.reason or "")
    assert sizes[1:] == [[1], [1]]
    shop.does = shop.receiver.label
    await shop.let_waits_end()
    await shop.deliver(shop.worker())
    assert set(shop.receiver.done) == set(others)


async def test_a_long_job_of_a_worker_that_beats_is_never_taken(shop: Shop) -> None:
    """Liveness counts, not age: after many leases' time it is still its worker's."""
    gate = Gate()
    shop.does = gate.pass_through
    await shop.put(value=1)
    worker = shop.worker()
    long = asyncio.create_task(shop.deliver(worker))
    await gate.begun.wait()
    job = await shop.job()
    for _ in range(10):
        await shop.let_leases_end()
        await worker.beat()
        await shop.rescue()
        assert await shop.worker().run(shop.organization, [job.id]) == 0

    gate.open.set()
    await long
    done = await shop.job()
    assert (done.status, done.attempt, done.crashes) == (JobStatus.DONE, 1, 0)
    await worker.close(grace_s=1)


async def test_a_worker_beats_by_itself(shop: Shop) -> None:
    """A job of ten leases stays with its worker, while others look for the dead."""
    gate = Gate()
    shop.does = gate.pass_through
    await shop.put(value=1)
    worker = shop.worker(WorkerPace(lease_s=0.3))
    long = asyncio.create_task(shop.deliver(worker))
    await gate.begun.wait()
    began = asyncio.get_running_loop().time()

    async def long_enough() -> bool:
        await shop.rescue()
        return asyncio.get_running_loop().time() - began > 3.0

    await until(long_enough)
    gate.open.set()
    await long

    assert ((await shop.job()).attempt, shop.measures.counts["rescued"]) == (1, 0)
    await worker.close(grace_s=1)


async def test_a_worker_stops_what_is_another_s_by_now(shop: Shop) -> None:
    """Thawed, it learns from its next beat that its job was taken, and lets go of it."""
    gate = Gate()
    shop.does = gate.pass_through
    await shop.put(value=1)
    frozen = shop.worker()
    running = asyncio.create_task(shop.deliver(frozen))
    await gate.begun.wait()
    await shop.let_leases_end()
    await shop.rescue()

    await frozen.beat()
    await running

    assert gate.stopped == 1
    assert frozen.running == 0
    assert (await shop.job()).status is JobStatus.WAITING
