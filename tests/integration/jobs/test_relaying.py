"""A process that serves hands jobs over, takes them from the dead, and leaves nothing half-way."""

from __future__ import annotations

import asyncio
from typing import Final

from runtime.bootstrap.relaying import relayed
from runtime.kit.clock import SystemClock
from tests.job_calls import begin_jobs
from tests.jobs import CountingJobs, Shop
from tests.queue import MemoryQueue

WAIT_S: Final = 20.0
CLOCK: Final = SystemClock()


async def test_what_a_commit_put_is_handed_over(shop: Shop) -> None:
    """A process that has put jobs wakes its relay, and need not."""
    queue = MemoryQueue()
    async with relayed(shop.world.database, queue, clock=CLOCK, measures=CountingJobs()) as relay:
        await shop.put(value=1)
        relay.wake()
        async with asyncio.timeout(WAIT_S):
            message = await queue.get()

    assert message.organization_id == shop.organization
    assert len(message.job_ids) == 1


async def test_jobs_of_the_dead_are_handed_over_again(shop: Shop) -> None:
    """Whoever serves rescues; no worker has to be alive for it."""
    database, queue, measures = shop.world.database, MemoryQueue(), CountingJobs()
    await shop.put(value=1)
    async with relayed(database, queue, clock=CLOCK, measures=measures), asyncio.timeout(WAIT_S):
        first = await queue.get()
        begun = await begin_jobs(
            database,
            first.job_ids,
            organization_id=shop.organization,
            worker="killed-in-the-middle",
            lease_s=0.1,
        )
        again = await queue.get()

    assert [job.id for job in begun] == list(first.job_ids)
    assert again.job_ids == first.job_ids
    assert measures.counts["rescued"] == 1


async def test_the_end_waits_for_what_is_being_handed_over(shop: Shop) -> None:
    """Nothing of ours runs once the block is left."""
    database, before = shop.world.database, asyncio.all_tasks()

    async with relayed(database, MemoryQueue(), clock=CLOCK, measures=CountingJobs()):
        during = asyncio.all_tasks() - before

    assert {task.get_name() for task in during} == {
        "relay",
        "rescue",
        "ended jobs",
        "expired approvals",
    }
    assert asyncio.all_tasks() == before
