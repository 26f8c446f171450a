"""Relays hand over what is due, fairly, at least once, and lose nothing with the broker."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import Final

import pytest
from typing_extensions import override

from runtime.domain.errors import QueueUnavailableError
from runtime.domain.job import JobKind, JobStatus, NewJob
from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from runtime.services.jobs.relay import Relay, RelayPace
from runtime.services.jobs.rescue import RescuePace, Rescuing
from runtime.store.jobs import put_jobs
from runtime.store.outbox import Share, claimed
from runtime.store.session import Database
from tests.database import FreshDatabase
from tests.execution import a_caller, a_project
from tests.jobs import CountingJobs, Shop, until
from tests.queue import MemoryQueue

QUICK: Final = RelayPace(busy_s=0.005, idle_s=0.02)


async def _tenant(database: Database, *, jobs: int, priority: int = 4) -> str:
    """Store an organization with jobs that wait, and return its id."""
    ids = Ids(SystemClock())
    caller = a_caller(ids)
    project_id = await a_project(database, caller)
    new = [
        NewJob(
            id=ids.new("job"),
            kind=JobKind.EFFECT,
            name="box.label",
            principal_id=caller.member_id,
            credential_id="c",
            payload="{}",
            priority=priority,
        )
        for _ in range(jobs)
    ]
    async with database.transaction(caller.organization_id) as connection:
        await put_jobs(
            connection,
            new,
            organization_id=caller.organization_id,
            project_id=project_id,
            at=ids.now(),
        )
    return caller.organization_id


async def _claim(database: Database, share: Share, *, after: str = "") -> tuple[Counter[str], str]:
    """Take a share, and return how much of it is each tenant's, and where to go on."""
    async with claimed(database, after=after, share=share) as claim:
        return Counter(job.organization_id for job in claim.jobs), claim.after


async def test_a_tenant_with_much_to_do_leaves_room_for_the_others(database: FreshDatabase) -> None:
    """Each look takes at most a share of each tenant's jobs."""
    noisy, quiet = await _tenant(database, jobs=200), await _tenant(database, jobs=3)

    taken, _ = await _claim(database, Share(most=100, each=20))

    assert taken == {noisy: 20, quiet: 3}


async def test_tenants_take_turns_when_one_look_can_not_serve_all(database: FreshDatabase) -> None:
    """The next look goes on behind the last tenant, and round again."""
    tenants = sorted([await _tenant(database, jobs=10) for _ in range(4)])
    served, after = [], ""
    for _ in range(4):
        taken, after = await _claim(database, Share(most=10, each=5), after=after)
        served.append(sorted(taken))

    assert served == [tenants[:2], tenants[2:], tenants[:2], tenants[2:]]


async def test_a_look_that_ends_early_goes_on_with_the_next_tenant(database: FreshDatabase) -> None:
    """How many tenants one look may cost is bounded, and none is passed over for ever."""
    tenants = sorted([await _tenant(database, jobs=1) for _ in range(3)])
    queue = MemoryQueue()
    relay = Relay(
        database, queue, pace=RelayPace(busy_s=0.005, idle_s=0.02, share=Share(tenants=1))
    )

    looks = [await relay.look() for _ in range(4)]

    assert looks == [1, 1, 1, 0]
    assert sorted(item.organization_id for item in queue.everything()) == tenants


async def test_the_most_urgent_of_a_tenant_go_first(database: FreshDatabase) -> None:
    """Priority decides within a share, and not how large it is."""
    ids = Ids(SystemClock())
    caller = a_caller(ids)
    project_id = await a_project(database, caller)
    new = [
        NewJob(
            id=ids.new("job"),
            kind=JobKind.EFFECT,
            name="box.label",
            principal_id=caller.member_id,
            credential_id="c",
            payload="{}",
            priority=number % 10,
        )
        for number in range(50)
    ]
    async with database.transaction(caller.organization_id) as connection:
        await put_jobs(
            connection,
            new,
            organization_id=caller.organization_id,
            project_id=project_id,
            at=ids.now(),
        )

    async with claimed(database, after="", share=Share(each=12)) as claim:
        taken = [job.priority for job in claim.jobs]

    assert Counter(taken) == {9: 5, 8: 5, 7: 2}


async def test_two_relays_at_once_take_different_jobs(database: FreshDatabase) -> None:
    """What one has taken and not yet handed over is passed over by the other."""
    tenants = sorted([await _tenant(database, jobs=10) for _ in range(2)])

    async with (
        claimed(database, after="", share=Share(most=6)) as first,
        claimed(database, after="", share=Share(each=6)) as second,
    ):
        pass

    found = [Counter(job.organization_id for job in claim.jobs) for claim in (first, second)]
    assert found == [{tenants[0]: 6}, {tenants[1]: 6}]


async def test_a_queue_that_is_down_loses_nothing(shop: Shop) -> None:
    """What it does not take is due still, at once."""
    await shop.put(value=1)
    shop.queue.down = True
    with pytest.raises(QueueUnavailableError):
        await shop.relay.look()
    shop.queue.down = False

    assert await shop.deliver(shop.worker()) == 1


async def test_a_queue_that_does_not_answer_is_not_waited_for(shop: Shop) -> None:
    """A transaction is not held open for a broker that hangs."""

    class HangingQueue(MemoryQueue):
        @override
        async def put(self, messages: object) -> None:
            await asyncio.Event().wait()

    await shop.put(value=1)
    relay = Relay(shop.world.database, HangingQueue(), put_timeout_s=0.05)

    with pytest.raises(QueueUnavailableError, match="no answer"):
        await relay.look()

    assert await shop.relay.look() == 1


async def test_what_the_queue_lost_is_handed_over_again(shop: Shop) -> None:
    """A job stays in the outbox until it begins, and is due again after a while."""
    await shop.put(value=1)
    await shop.relay.look()
    shop.queue.everything()
    assert await shop.relay.look() == 0
    await shop.let_waits_end()

    assert await shop.deliver(shop.worker()) == 1
    assert await shop.superuser.fetchval("select count(*) from outbox") == 0


async def test_each_time_it_waits_longer_until_it_hands_over_again(shop: Shop) -> None:
    """A long queue is not filled with repetitions of what stands in it."""
    await shop.put(value=1)
    waits = []
    for _ in range(8):
        await shop.let_waits_end()
        await shop.relay.look()
        waits.append(
            await shop.superuser.fetchval(
                "select round(extract(epoch from not_before - now()) / 600) from outbox"
            )
        )

    assert waits == [1, 2, 4, 8, 16, 32, 32, 32]


async def test_a_relay_runs_until_it_is_told_to_end(shop: Shop) -> None:
    """It goes on after whatever failed, and hands over soon after a job was put."""
    measures = CountingJobs()
    shop.queue.down = True
    relay = Relay(shop.world.database, shop.queue, pace=QUICK, measures=measures)
    running = asyncio.create_task(relay.run())
    await shop.put(value=1)

    async def failed() -> bool:
        return measures.counts["failed relay"] > 1

    async def handed() -> bool:
        return len(shop.queue) == 1

    await until(failed)
    shop.queue.down = False
    await until(handed)
    relay.end()
    await running

    assert (await shop.job()).status is JobStatus.WAITING


async def test_a_wake_up_is_not_slept_over(shop: Shop) -> None:
    """A process that put a job need not wait for the next look."""
    relay = Relay(shop.world.database, shop.queue, pace=RelayPace(busy_s=60.0, idle_s=60.0))
    running = asyncio.create_task(relay.run())

    async def idle() -> bool:
        return relay.resting

    async def handed() -> bool:
        return len(shop.queue) == 1

    await until(idle)
    shop.woken.append(relay)
    await shop.put(value=1)
    await until(handed)
    relay.end()
    await running


async def test_rescuing_runs_until_it_is_told_to_end(shop: Shop, database: FreshDatabase) -> None:
    """A database that is gone for a while does not end it."""
    measures = CountingJobs()
    async with AsyncExitStack() as stack:
        other = await Database.opened(database.app_url)
        stack.push_async_callback(other.close)
        rescuing = Rescuing(other, pace=RescuePace(every_s=0.01), measures=measures)
        await other.direct.close()
        running = asyncio.create_task(rescuing.run())

        async def failed() -> bool:
            return measures.counts["failed rescue"] > 1

        await until(failed)
        rescuing.end()
        await running
