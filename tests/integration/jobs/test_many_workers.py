"""Many relays and workers at once do each job, and take turns where jobs do."""

from __future__ import annotations

import asyncio

from runtime.domain.job import JobStatus
from runtime.ports.effect import EffectCall, EffectResult
from runtime.services.jobs.relay import Relay, RelayPace
from runtime.services.jobs.running import Running
from runtime.store.outbox import Share
from tests.jobs import Does, Shop, until
from tests.queue import MemoryQueue


class Turns:
    """See how many of the jobs that take turns run at a time."""

    def __init__(self) -> None:
        self.most = 0
        self._running: set[str] = set()

    def taken(self, does: Does) -> Does:
        """Watch what is done."""

        async def watched(call: EffectCall) -> EffectResult:
            if call.action != "box.stack@1":
                return await does(call)
            self._running.add(call.job_id)
            self.most = max(self.most, len(self._running))
            await asyncio.sleep(0)
            self._running.discard(call.job_id)
            return await does(call)

        return watched


async def test_several_relays_and_workers_do_each_job_once(shop: Shop) -> None:
    """Three relays, four workers, repeated messages, workers frozen at any time: none is lost."""
    shop.crashes = 1_000
    for _ in range(40):
        await shop.put("box.put@1", times=5, value=1)
    for _ in range(10):
        await shop.put("box.stack@1", value=1)
    wanted = {job.id for job in await shop.jobs()}
    turns = Turns()
    shop.does = turns.taken(shop.receiver.label)
    pace = RelayPace(busy_s=0.01, idle_s=0.02, share=Share(most=40, each=30))
    relays = [Relay(shop.world.database, shop.queue, pace=pace) for _ in range(3)]
    workers = [shop.worker() for _ in range(4)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_serve(worker, shop.queue)) for worker in workers]
        tasks += [group.create_task(relay.run()) for relay in relays]
        tasks.append(group.create_task(_freeze_some(shop)))
        try:
            await until(lambda: _all_done(shop, len(wanted)))
        finally:
            for task in tasks:
                task.cancel()

    assert set(shop.receiver.done) == wanted
    assert turns.most == 1, "of a serial name one runs at a time"
    for worker in workers:
        await worker.close(grace_s=1)


async def _serve(worker: Running, queue: MemoryQueue) -> None:
    """Run what comes, and every third message twice."""
    number = 0
    while True:
        message = await queue.get()
        number += 1
        if number % 3 == 0:
            await queue.put([message])
        await worker.run(message.organization_id, message.job_ids)


async def _freeze_some(shop: Shop) -> None:
    """Let leases of workers be over now and then, and take their jobs."""
    number = 0
    while True:
        number += 1
        await asyncio.sleep(0.2)
        await shop.let_leases_end(1 + number % 4)
        await shop.rescue()
        await shop.let_waits_end()


async def _all_done(shop: Shop, wanted: int) -> bool:
    return await shop.statuses() == {JobStatus.DONE: wanted}
