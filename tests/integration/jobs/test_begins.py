"""Messages of many organizations begin together, and none of them is harmed by another."""

from __future__ import annotations

import asyncio

import pytest

from runtime.domain.errors import QueueUnavailableError, StorageRefusedError
from runtime.services.jobs.begins import Begins, Lease
from tests.database import FreshDatabase, session
from tests.waiting_jobs import WaitingJobs, a_waiting_tenant, somebody_waits

LEASE = Lease(worker="w", lease_s=15.0, crashes=3)
UNREADABLE = "job_\x00"


async def two(database: FreshDatabase) -> tuple[WaitingJobs, WaitingJobs]:
    """Store two organizations."""
    return await a_waiting_tenant(database), await a_waiting_tenant(database)


async def test_each_message_gets_its_own_jobs(database: FreshDatabase) -> None:
    """Also where two of them name the same job: it is begun once, for the first."""
    one, other = await two(database)
    mine, theirs = await one.put(2), await other.put(1)
    begins = Begins(database, LEASE, orphaned=lambda _: None)

    first, second, again = await asyncio.gather(
        begins.begin(one.id, mine), begins.begin(other.id, theirs), begins.begin(one.id, mine)
    )

    assert [job.id for job in first] == list(mine)
    assert [(job.organization_id, job.id) for job in second] == [(other.id, theirs[0])]
    assert again == ()


async def test_a_message_that_can_not_be_asked_for_harms_no_other(database: FreshDatabase) -> None:
    """The database refuses the whole statement; then each is asked for by itself."""
    one, other = await two(database)
    mine = await one.put(1)
    begins = Begins(database, LEASE, orphaned=lambda _: None)

    begun, refused = await asyncio.gather(
        begins.begin(one.id, mine), begins.begin(other.id, [UNREADABLE]), return_exceptions=True
    )

    assert isinstance(refused, StorageRefusedError)
    assert not isinstance(begun, BaseException)
    assert [job.id for job in begun] == list(mine)


async def test_jobs_that_nobody_waits_for_any_more_are_told_of(database: FreshDatabase) -> None:
    """They are leased to this worker all the same, which has to give them back."""
    tenant = await a_waiting_tenant(database)
    mine = await tenant.put(1)
    orphaned = list[str]()
    begins = Begins(database, LEASE, orphaned=orphaned.append)
    async with session(database.urls.superuser_url) as other:
        async with other.transaction():
            await other.execute("lock table jobs in access exclusive mode")
            waiting = asyncio.create_task(begins.begin(tenant.id, mine))
            async with session(database.urls.superuser_url) as looking:
                await somebody_waits(looking)
            waiting.cancel()
        behind = await begins.begin(tenant.id, [])

    assert (behind, orphaned) == ((), [tenant.id])


async def test_who_waits_when_the_worker_ends_is_told_so(database: FreshDatabase) -> None:
    """The queue offers the message to others."""
    tenant = await a_waiting_tenant(database)
    mine = await tenant.put(1)
    begins = Begins(database, LEASE, orphaned=lambda _: None)
    async with session(database.urls.superuser_url) as other, other.transaction():
        await other.execute("lock table jobs in access exclusive mode")
        waiting = asyncio.create_task(begins.begin(tenant.id, mine))
        async with session(database.urls.superuser_url) as looking:
            await somebody_waits(looking)
        await begins.close()

        with pytest.raises(QueueUnavailableError):
            await waiting
