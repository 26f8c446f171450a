"""No more is under way than a queue allows, and no more starts in a minute, whoever looks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest

from runtime.domain.errors import QueueUnavailableError, StorageUnavailableError
from runtime.domain.job import AttemptEnd, BegunJob
from runtime.domain.job_queue import USUAL_AT_ONCE
from runtime.domain.retry import DEFAULT_RETRIES
from runtime.services.jobs.attempts import dead, done, failed
from runtime.services.jobs.relay import Relay
from runtime.store.outbox import Share
from runtime.store.session import Database
from tests.database import FreshDatabase
from tests.job_calls import finish_jobs
from tests.queue import MemoryQueue
from tests.waiting_jobs import WaitingJobs, a_waiting_tenant, changed

Ending: TypeAlias = Callable[[BegunJob], AttemptEnd]


def _done(job: BegunJob) -> AttemptEnd:
    return done(job, {})


def _dead(job: BegunJob) -> AttemptEnd:
    return dead(job, "it can't be done")


def _failed(job: BegunJob) -> AttemptEnd:
    return failed(job, "not now", DEFAULT_RETRIES, jitter=0.9)


async def _ended(tenant: WaitingJobs, ids: Sequence[str], *, ending: Ending = _done) -> int:
    """Begin jobs and end them at once; return how many ended."""
    ends = [ending(job) for job in await tenant.begin(ids)]
    return len(await finish_jobs(tenant.database, ends, organization_id=tenant.id, worker="w"))


async def test_without_a_word_the_usual_number_is_under_way(database: FreshDatabase) -> None:
    """A backlog stays where it is, and does not fill the queue."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(USUAL_AT_ONCE + 5)

    assert len(await tenant.taken()) == USUAL_AT_ONCE
    assert await tenant.taken() == []


async def test_as_many_follow_as_end(database: FreshDatabase) -> None:
    """What was handed over and what runs are both under way, until it ends."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(20)
    await tenant.limit(at_once=5)

    first = list(await tenant.taken())
    await tenant.begin(first[:3])
    while_they_run = list(await tenant.taken())
    ended = await _ended(tenant, first[3:])

    assert (len(first), while_they_run, ended) == (5, [], 2)
    assert len(await tenant.taken()) == 2


@pytest.mark.parametrize("ending", [_failed, _dead])
async def test_a_job_that_failed_is_under_way_no_longer(
    database: FreshDatabase, ending: Ending
) -> None:
    """Neither for good nor until it is tried again."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(2)
    await tenant.limit(at_once=1)
    first = await tenant.taken()

    await _ended(tenant, first, ending=ending)

    assert len(await tenant.taken()) == 1


async def test_a_project_has_a_bound_of_its_own(database: FreshDatabase) -> None:
    """Its neighbours have what is left, and the organization's bound is above all."""
    tenant = await a_waiting_tenant(database, projects=2)
    small, large = tenant.projects
    await tenant.put(10, project=small)
    await tenant.put(10, project=large)
    await tenant.limit(project=small, at_once=2)
    await tenant.limit(at_once=8)

    first = await tenant.taken_by_project()

    assert first == {small: 2, large: 6}
    assert await tenant.taken_by_project() == {}


async def test_what_runs_of_a_project_counts_for_its_bound(database: FreshDatabase) -> None:
    """As what was handed over does."""
    tenant = await a_waiting_tenant(database, projects=2)
    small, large = tenant.projects
    await tenant.put(5, project=small)
    await tenant.limit(project=small, at_once=2)
    first = list(await tenant.taken())
    await tenant.begin(first[:1])
    await tenant.put(1, project=large)

    assert await tenant.taken_by_project() == {large: 1}

    await _ended(tenant, first[1:])
    assert await tenant.taken_by_project() == {small: 1}


async def test_what_the_queue_lost_needs_no_room(database: FreshDatabase) -> None:
    """It is under way already: a queue that forgot all does not stop an organization for good."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(8)
    await tenant.limit(at_once=4)
    lost = await tenant.taken()
    await changed(
        database, "update outbox set not_before = now() - interval '1 s' where handed > 0"
    )

    assert sorted(await tenant.taken()) == sorted(lost)
    assert await tenant.taken() == []


async def test_a_bound_that_shrinks_lets_what_is_under_way_end(database: FreshDatabase) -> None:
    """Nothing follows until there is room again."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(10)
    first = list(await tenant.taken(Share(each=6)))
    await tenant.limit(at_once=2)
    await _ended(tenant, first[:4])
    at_the_bound = await tenant.taken()
    await _ended(tenant, first[4:5])

    assert at_the_bound == []
    assert len(await tenant.taken()) == 1


async def test_relays_at_once_keep_the_bound_together(database: FreshDatabase) -> None:
    """Whoever comes second to an organization leaves it to the first, and looks at the next."""
    tenant, other = await a_waiting_tenant(database), await a_waiting_tenant(database)
    await tenant.put(10)
    await other.put(1)
    await tenant.limit(at_once=6)
    await other.limit(at_once=1)

    async with tenant.claimed(Share(tenants=1)) as first, tenant.claimed() as second:
        pass

    taken = [Counter(job.organization_id for job in claim.jobs) for claim in (first, second)]
    assert taken == [{tenant.id: 6}, {other.id: 1}]
    assert await tenant.taken() == []


async def test_many_relays_and_workers_never_pass_the_bound(database: FreshDatabase) -> None:
    """Counted at any moment, while jobs are taken, begun and ended by many at once."""
    tenant = await a_waiting_tenant(database, projects=2)
    for project in tenant.projects:
        await tenant.put(60, project=project)
    await tenant.limit(at_once=7)
    await tenant.limit(project=tenant.project, at_once=3)
    ended: list[str] = []

    async def work(number: int) -> None:
        while len(ended) < 120:
            ids = list(await tenant.taken(Share(each=1 + number)))
            begun = await tenant.begin(ids, worker=f"w{number}")
            ends = [_done(job) for job in begun]
            ended.extend(
                await finish_jobs(database, ends, organization_id=tenant.id, worker=f"w{number}")
            )

    most: Counter[str] = Counter()
    watching = asyncio.create_task(_watch(tenant, most))
    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(work(number))
    watching.cancel()

    assert len(set(ended)) == 120
    assert 0 < most["all"] <= 7
    assert 0 < most[tenant.project] <= 3


async def _watch(tenant: WaitingJobs, most: Counter[str]) -> None:
    """Remember the most that was ever under way, of the organization and of each project."""
    while True:
        async with tenant.database.connection() as connection, connection.transaction():
            await connection.execute(
                "select set_config('app.organization_id', $1, true)", tenant.id
            )
            rows = await connection.fetch(
                "select project_id, count(*) as jobs from ("
                "select project_id from outbox where tenant = $1 and handed > 0 "
                "union all select project_id from jobs where status = 'running') as under_way "
                "group by project_id",
                tenant.id,
            )
        found = {row["project_id"]: row["jobs"] for row in rows}
        for name, jobs in (*found.items(), ("all", sum(found.values()))):
            most[name] = max(most[name], jobs)
        await asyncio.sleep(0)


async def test_a_rate_lets_jobs_start_one_after_another(database: FreshDatabase) -> None:
    """As time passes, as many more; what nobody used is kept for two seconds and no longer."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(50)
    await tenant.limit(a_minute=120)

    looks = []
    for passed_s in (0, 0, 1, 0, 3_600, 0):
        await changed(
            database,
            "update job_queues set filled_at = filled_at - make_interval(secs => $1)",
            float(passed_s),
        )
        looks.append(len(await tenant.taken()))

    assert looks == [1, 0, 2, 0, 4, 0]


async def test_a_project_has_a_rate_of_its_own(database: FreshDatabase) -> None:
    """Each start takes from the project's and from the organization's."""
    tenant = await a_waiting_tenant(database, projects=2)
    slow, fast = tenant.projects
    for project in tenant.projects:
        await tenant.put(20, project=project)
    await tenant.limit(project=slow, a_minute=60)
    await tenant.limit(a_minute=300)
    await changed(database, "update job_queues set filled_at = filled_at - interval '1 hour'")

    assert await tenant.taken_by_project() == {slow: 2, fast: 8}
    assert await tenant.taken_by_project() == {}
    await changed(database, "update job_queues set filled_at = filled_at - interval '1 s'")
    assert await tenant.taken_by_project() == {slow: 1, fast: 4}


async def test_a_slow_rate_lets_one_start_in_the_end(database: FreshDatabase) -> None:
    """One a minute is one a minute, and not none."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(3)
    await tenant.limit(a_minute=1)
    looks = []
    for _ in range(3):
        looks.append(len(await tenant.taken()))
        await changed(database, "update job_queues set filled_at = filled_at - interval '30 s'")

    assert looks == [1, 0, 1]


async def test_what_was_not_handed_over_costs_no_token(database: FreshDatabase) -> None:
    """A look that fails is as if it had not been."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(3)
    await tenant.limit(a_minute=60)
    queue = MemoryQueue()
    queue.down = True
    with pytest.raises(QueueUnavailableError):
        await Relay(database, queue).look()

    assert len(await tenant.taken()) == 1


async def test_what_the_queue_lost_costs_no_token(database: FreshDatabase) -> None:
    """It did not start."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(1)
    await tenant.limit(a_minute=60)
    first = await tenant.taken()
    await changed(database, "update outbox set not_before = now() - interval '1 s'")

    assert await tenant.taken() == first


async def test_a_rate_that_is_set_again_gives_nothing_away(database: FreshDatabase) -> None:
    """Who says the same over and over starts no more by it."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(10)
    looks = []
    for _ in range(4):
        await tenant.limit(a_minute=1)
        looks.append(len(await tenant.taken()))
    await tenant.limit()
    looks.append(len(await tenant.taken()))

    assert looks == [1, 0, 0, 0, 9]


async def test_a_row_that_somebody_changes_is_left_to_the_next_look(
    database: FreshDatabase,
) -> None:
    """A relay serves all, and waits for nobody: not for one that looks again, either."""
    tenant = await a_waiting_tenant(database, projects=2)
    lone = await a_waiting_tenant(database)
    ids = sorted([*await tenant.put(2), *await lone.put(2)])
    await tenant.put(2, project=tenant.projects[1])
    await tenant.taken(Share(each=1))
    await changed(database, "update outbox set not_before = now() - interval '1 s'")
    other = await Database.opened(database.app_url)
    try:
        async with other.connection() as connection, connection.transaction():
            await connection.execute("select from outbox where job_id = any($1) for update", ids)
            async with asyncio.timeout(5):
                taken = await tenant.taken()
    except StorageUnavailableError:
        pytest.fail("a relay waited for a row")
    finally:
        await other.close()

    assert not set(ids) & set(taken)
    assert sorted([*taken, *await tenant.taken()])[:4] == ids
