"""Let a process hand jobs to the queue, take them from the dead, and look after what is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.kit.clock import Clock
from runtime.ports.job_queue import JobQueue
from runtime.services.approvals.expiring import Expiring
from runtime.services.jobs.ended import EndedJobs
from runtime.services.jobs.measures import JobMeasures
from runtime.services.jobs.relay import Relay, RelayPace
from runtime.services.jobs.rescue import Rescuing
from runtime.store.session import Database


@asynccontextmanager
async def relayed(
    database: Database,
    queue: JobQueue,
    *,
    clock: Clock,
    measures: JobMeasures,
    pace: RelayPace | None = None,
) -> AsyncIterator[Relay]:
    """Run what keeps jobs going while the block runs; what is being handed over is, in the end."""
    relay = Relay(database, queue, pace=pace, measures=measures)
    rescuing = Rescuing(database, measures=measures)
    ended = EndedJobs(database, clock, measures=measures)
    expiring = Expiring(database, clock)
    tasks = {
        asyncio.create_task(relay.run(), name="relay"),
        asyncio.create_task(rescuing.run(), name="rescue"),
        asyncio.create_task(ended.run(), name="ended jobs"),
        asyncio.create_task(expiring.run(), name="expired approvals"),
    }
    try:
        yield relay
    finally:
        for keeper in (relay, rescuing, ended, expiring):
            keeper.end()
        await asyncio.wait(tasks)
