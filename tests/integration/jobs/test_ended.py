"""Jobs that ended long ago are deleted, and no others, whoever asks."""

from __future__ import annotations

import asyncio

from runtime.kit.clock import SystemClock
from runtime.kit.ids import new_id, parse_id
from runtime.services.jobs.attempts import dead, done
from runtime.services.jobs.ended import EndedJobs, EndedPace
from runtime.store.ended_jobs import KeptFor
from runtime.store.session import Database
from tests.database import FreshDatabase, session
from tests.job_calls import finish_jobs
from tests.jobs import CountingJobs, until
from tests.waiting_jobs import WaitingJobs, a_waiting_tenant, changed

DAY_S = 86_400.0
SHORT = EndedPace(
    kept=KeptFor(done_s=30 * DAY_S, given_up_s=90 * DAY_S), every_s=0.001, most=2, rest_s=0.0
)


async def _end_them(tenant: WaitingJobs, jobs: int, *, days: float, given_up: bool) -> list[str]:
    """Put jobs that ended some days ago; return the ids that they have by then."""
    begun = await tenant.begin(await tenant.put(jobs))
    ends = [dead(job, "no") if given_up else done(job, {}) for job in begun]
    ended = await finish_jobs(tenant.database, ends, organization_id=tenant.id, worker="w")
    assert len(ended) == jobs
    ids = [_older(job.id, days=days) for job in begun]
    for job, older in zip(begun, ids, strict=True):
        await changed(
            tenant.database,
            "update jobs set id = $2, ended_at = ended_at - make_interval(secs => $3) "
            "where id = $1",
            job.id,
            older,
            days * DAY_S,
        )
    return ids


def _older(job_id: str, *, days: float) -> str:
    found = parse_id(job_id, "job")
    created_ms = found.created_ms - int(days * DAY_S * 1_000)
    return new_id("job", now_ms=created_ms, entropy=found.entropy)


async def _left(tenant: WaitingJobs) -> set[str]:
    async with session(tenant.database.urls.superuser_url) as superuser:
        rows = await superuser.fetch("select id from jobs where organization_id = $1", tenant.id)
    return {row["id"] for row in rows}


async def test_what_ended_long_ago_goes_and_all_else_stays(database: FreshDatabase) -> None:
    """Jobs that are done for a month, those given up for three; what is not over for ever."""
    tenant, other = await a_waiting_tenant(database), await a_waiting_tenant(database)
    await _end_them(tenant, 5, days=31, given_up=False)
    await _end_them(tenant, 3, days=91, given_up=True)
    await _end_them(other, 1, days=31, given_up=False)
    kept = [
        *await _end_them(tenant, 2, days=29, given_up=False),
        *await _end_them(tenant, 3, days=60, given_up=True),
    ]
    waiting = await tenant.put(1)
    older = _older(waiting[0], days=400)
    await changed(database, "update jobs set id = $2 where id = $1", waiting[0], older)

    deleted = await EndedJobs(database, SystemClock(), pace=SHORT).look()

    assert deleted == 9
    assert await _left(tenant) == {*kept, older}
    assert await _left(other) == set()


async def test_the_platform_can_not_delete_a_job_that_matters(database: FreshDatabase) -> None:
    """The database keeps what waits, runs or just ended from whoever has the platform's rights."""
    tenant = await a_waiting_tenant(database)
    old = await _end_them(tenant, 1, days=2, given_up=False)
    fresh = await _end_them(tenant, 1, days=0, given_up=True)
    waiting = await tenant.put(1)
    running = await tenant.put(1)
    await tenant.begin(running)

    async with database.connection() as connection, connection.transaction():
        await connection.execute("select set_config('app.organization_id', $1, true)", tenant.id)
        gone = await connection.fetch("delete from jobs returning id")

    assert [row["id"] for row in gone] == old
    assert await _left(tenant) == {*fresh, *waiting, *running}


async def test_it_looks_again_and_again_until_it_is_told_to_end(database: FreshDatabase) -> None:
    """A database that is gone for a while does not end it."""
    measures = CountingJobs()
    other = await Database.opened(database.app_url)
    ended = EndedJobs(other, SystemClock(), pace=SHORT, measures=measures)
    await other.direct.close()
    running = asyncio.create_task(ended.run())

    async def failed() -> bool:
        return measures.counts["failed ended"] > 1

    await until(failed)
    ended.end()
    await running
    await other.close()


async def test_it_deletes_while_it_runs(database: FreshDatabase) -> None:
    """Also what comes to be old later."""
    tenant = await a_waiting_tenant(database)
    await _end_them(tenant, 1, days=31, given_up=False)
    ended = EndedJobs(database, SystemClock(), pace=SHORT)
    running = asyncio.create_task(ended.run())

    async def gone() -> bool:
        return not await _left(tenant)

    await until(gone)
    ended.end()
    await running
