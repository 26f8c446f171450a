"""Projects of an organization take turns as organizations do, and what is urgent goes first."""

from __future__ import annotations

from collections import Counter

from runtime.domain.job import JobStatus
from runtime.domain.job_queue import QueueCounts
from runtime.services.jobs.attempts import dead, done
from runtime.store.job_queues import count_jobs
from runtime.store.outbox import Share
from tests.database import FreshDatabase
from tests.job_calls import finish_jobs
from tests.waiting_jobs import WaitingJobs, a_waiting_tenant, changed


async def test_a_project_with_much_to_do_leaves_room_for_its_neighbours(
    database: FreshDatabase,
) -> None:
    """One look serves all of them alike."""
    tenant = await a_waiting_tenant(database, projects=3)
    noisy, quiet, other = tenant.projects
    await tenant.put(100, project=noisy)
    await tenant.put(2, project=quiet)
    await tenant.put(20, project=other)

    assert await tenant.taken_by_project(Share(each=12)) == {noisy: 5, quiet: 2, other: 5}


async def test_urgent_jobs_of_all_projects_go_first(database: FreshDatabase) -> None:
    """Turns are among those that are equally urgent."""
    tenant = await a_waiting_tenant(database, projects=2)
    calm, urgent = tenant.projects
    await tenant.put(10, project=calm)
    await tenant.put(3, project=urgent, priority=9)
    await tenant.put(10, project=urgent)

    async with tenant.claimed(Share(each=7)) as claim:
        taken = Counter((job.project_id, job.priority) for job in claim.jobs)

    assert taken == {(urgent, 9): 3, (calm, 4): 2, (urgent, 4): 2}


async def test_jobs_of_later_hold_up_neither_tenants_nor_projects(database: FreshDatabase) -> None:
    """What is not due yet is passed over, and what is due behind it is found."""
    later, now = await a_waiting_tenant(database, projects=2), await a_waiting_tenant(database)
    await later.put(5)
    await later.put(5, priority=2)
    await changed(database, "update outbox set not_before = now() + interval '1 hour'")
    due = await later.put(1, project=later.projects[1], priority=1)
    wanted = await now.put(1)

    assert sorted(await now.taken(Share(tenants=2))) == sorted([*due, *wanted])


async def _counted(tenant: WaitingJobs, project: str | None = None) -> QueueCounts:
    async with tenant.database.transaction(tenant.id) as connection:
        return await count_jobs(connection, organization_id=tenant.id, project_id=project)


async def test_jobs_are_counted_as_they_stand(database: FreshDatabase) -> None:
    """Of an organization, and of each project; of nobody else."""
    tenant, other = await a_waiting_tenant(database, projects=2), await a_waiting_tenant(database)
    first, second = tenant.projects
    ids = await tenant.put(5, project=first)
    await tenant.put(2, project=second, priority=9)
    await other.put(3)
    begun = await tenant.begin(ids[:3])
    ends = [done(begun[0], {}), dead(begun[1], "it can't be done")]
    await finish_jobs(database, ends, organization_id=tenant.id, worker="w")
    await changed(
        database,
        "update outbox set not_before = now() - interval '30 s' where project_id = $1",
        second,
    )

    of_first, of_all = await _counted(tenant, first), await _counted(tenant)

    assert {status: jobs for status, jobs in of_first.jobs.items() if jobs} == {
        JobStatus.WAITING: 2,
        JobStatus.RUNNING: 1,
        JobStatus.DONE: 1,
        JobStatus.DEAD: 1,
    }
    assert of_all.jobs[JobStatus.WAITING] == 4
    assert of_first.oldest_wait_s is not None
    assert of_first.oldest_wait_s < 20
    assert of_all.oldest_wait_s is not None
    assert 29 < of_all.oldest_wait_s < 50


async def test_a_queue_without_jobs_counts_none(database: FreshDatabase) -> None:
    """And nobody waits."""
    tenant = await a_waiting_tenant(database)

    assert await _counted(tenant) == QueueCounts(jobs=dict.fromkeys(JobStatus, 0))


async def test_jobs_that_wait_for_others_of_their_key_are_counted(database: FreshDatabase) -> None:
    """They wait as well, although no relay sees them yet."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(3, serial_key="press")

    assert (await _counted(tenant)).jobs[JobStatus.WAITING] == 3
    assert len(await tenant.taken()) == 1
