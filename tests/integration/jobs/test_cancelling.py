"""Jobs are cancelled while they wait and while they run, and tried again when people say so."""

from __future__ import annotations

import asyncio

from runtime.domain.job import JobStatus
from runtime.store.jobs import reopen_jobs
from tests.gates import Gate, cancelled
from tests.jobs import Shop


async def test_a_running_job_can_be_cancelled(shop: Shop) -> None:
    """Its worker learns it when it next beats, and stops the handler."""
    gate = Gate()
    shop.does = gate.pass_through
    await shop.put(value=1)
    worker = shop.worker()
    running = asyncio.create_task(shop.deliver(worker))
    await gate.begun.wait()

    assert await cancelled(shop) == [JobStatus.RUNNING]
    await worker.beat()
    await running

    job = await shop.job()
    assert (job.status, job.reason, gate.stopped) == (
        JobStatus.CANCELLED,
        "cancelled while it ran",
        1,
    )


async def test_a_waiting_job_that_is_cancelled_never_runs(shop: Shop) -> None:
    """Also not when a message names it that was under way already."""
    await shop.put(value=1)
    await shop.relay.look()

    assert await cancelled(shop) == [JobStatus.CANCELLED]

    assert await shop.deliver(shop.worker()) == 0
    assert (await shop.job()).reason == "unwanted"


async def test_what_was_given_up_can_be_tried_again(shop: Shop) -> None:
    """With all its tries, under a new fence; what is done stays done."""
    await shop.put("box.put@1", times=2, value=1)
    first, second = [job.id for job in await shop.jobs()]
    await shop.worker().run(shop.organization, [first])
    await cancelled(shop)

    async with shop.world.database.transaction(shop.organization) as connection:
        again = await reopen_jobs(connection, [first, second], organization_id=shop.organization)
    await shop.deliver(shop.worker())

    assert again == (second,)
    assert await shop.statuses() == {JobStatus.DONE: 2}


async def test_a_reopened_job_of_a_serial_name_waits_for_the_one_that_runs(shop: Shop) -> None:
    """An old message that still names it does not start it beside the other."""
    await shop.put("box.stack@1", value=1)
    await shop.put("box.stack@1", value=2)
    first, _ = [job.id for job in await shop.jobs()]
    await cancelled(shop, first)
    gate = Gate()
    shop.does = gate.pass_through
    running = asyncio.create_task(shop.deliver(shop.worker()))
    await gate.begun.wait()

    async with shop.world.database.transaction(shop.organization) as connection:
        await reopen_jobs(connection, [first], organization_id=shop.organization)
    begun = await shop.worker().run(shop.organization, [first])
    gate.open.set()
    await running

    assert begun == 0
    assert await shop.deliver(shop.worker()) == 1
    assert await shop.statuses() == {JobStatus.DONE: 2}
