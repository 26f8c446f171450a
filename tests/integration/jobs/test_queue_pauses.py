"""What is paused is neither handed over nor begun, and nothing of it is lost."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from runtime.domain.job import JobStatus
from runtime.domain.job_queue import QueuePause, QueueSettings
from runtime.store.job_queues import limit, pause, read_queue, resume
from tests.database import FreshDatabase, session
from tests.jobs import Shop
from tests.waiting_jobs import WHY, a_waiting_tenant, changed, somebody_waits


async def test_nothing_of_a_paused_organization_is_handed_over(database: FreshDatabase) -> None:
    """Its projects are all paused with it; others go on."""
    paused = await a_waiting_tenant(database, projects=2)
    other = await a_waiting_tenant(database)
    await paused.put(2)
    await paused.put(2, project=paused.projects[1])
    wanted = await other.put(2)
    await paused.pause()

    assert sorted(await paused.taken()) == sorted(wanted)


async def test_nothing_of_a_paused_project_is_handed_over(database: FreshDatabase) -> None:
    """Its neighbours go on."""
    tenant = await a_waiting_tenant(database, projects=3)
    for project in tenant.projects:
        await tenant.put(2, project=project)
    await tenant.pause(project=tenant.project)

    assert await tenant.taken_by_project() == {tenant.projects[1]: 2, tenant.projects[2]: 2}


async def test_a_pause_of_the_only_project_holds_all_back(database: FreshDatabase) -> None:
    """Also where there is nothing else to choose from."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(2)
    await tenant.pause(project=tenant.project)

    assert await tenant.taken() == []


async def test_what_a_queue_lost_is_not_offered_again_while_paused(database: FreshDatabase) -> None:
    """Nor is a project's, once it was handed over."""
    tenant = await a_waiting_tenant(database, projects=2)
    ids = await tenant.put(1)
    await tenant.taken()
    await tenant.pause(project=tenant.project)
    await changed(database, "update outbox set not_before = now() - interval '1 s'")
    held_back = await tenant.taken()
    await tenant.resume(project=tenant.project)

    assert (held_back, await tenant.taken()) == ([], ids)


@pytest.mark.parametrize("whole", [True, False], ids=["the organization", "its project"])
async def test_what_was_handed_over_before_a_pause_is_not_begun(
    database: FreshDatabase, *, whole: bool
) -> None:
    """It goes on waiting, untouched, and is offered again at once when jobs flow."""
    tenant = await a_waiting_tenant(database, projects=2)
    ids = await tenant.put(2)
    others = await tenant.put(1, project=tenant.projects[1])
    await tenant.taken()
    project = None if whole else tenant.project
    await tenant.pause(project=project)

    begun = await tenant.begin([*ids, *others])
    assert [job.id for job in begun] == ([] if whole else others)

    await tenant.resume(project=project)
    assert sorted(await tenant.taken()) == sorted([*ids, *others] if whole else ids)
    again = await tenant.begin(ids)
    assert [(job.attempt, job.errors, job.crashes) for job in again] == [(1, 0, 0)] * 2


async def test_what_is_held_back_takes_no_room_from_others(database: FreshDatabase) -> None:
    """What a worker was offered and may not begin is under way no longer."""
    tenant = await a_waiting_tenant(database, projects=2)
    ids = await tenant.put(1)
    await tenant.limit(at_once=1)
    await tenant.taken()
    others = await tenant.put(1, project=tenant.projects[1])
    await tenant.pause(project=tenant.project)
    before = await tenant.taken()
    await tenant.begin(ids)

    assert (before, await tenant.taken()) == ([], others)


async def test_a_paused_job_whose_worker_died_is_not_taken_over(database: FreshDatabase) -> None:
    """A message that comes again does not start what is paused."""
    tenant = await a_waiting_tenant(database)
    ids = await tenant.put(1)
    await tenant.begin(ids)
    await tenant.pause()
    await changed(database, "update job_leases set until = now() - interval '1 s'")
    await changed(database, "update jobs set leased_until = now() - interval '1 s'")

    assert await tenant.begin(ids, worker="other") == ()


async def test_what_runs_ends_although_its_queue_is_paused(shop: Shop) -> None:
    """A pause drains: it takes nothing from workers."""
    await shop.put(value=1)
    await shop.relay.look()
    (message,) = shop.queue.everything()

    async def pause_it(call: object) -> object:
        async with shop.world.database.transaction(shop.organization) as connection:
            await pause(connection, organization_id=shop.organization, by="m", why=WHY)
        return await shop.receiver.label(call)  # type: ignore[arg-type]  # as any handler's

    shop.does = pause_it  # type: ignore[assignment]  # as any handler
    await shop.worker().run(message.organization_id, message.job_ids)

    assert (await shop.job()).status is JobStatus.DONE


async def test_a_pause_waits_for_jobs_that_are_just_begun(database: FreshDatabase) -> None:
    """When it is said, nothing begins any more: what did is there to be seen."""
    tenant = await a_waiting_tenant(database)
    ids = await tenant.put(1)
    async with session(database.urls.app_url) as worker:
        transaction = worker.transaction()
        await transaction.start()
        begun = await worker.fetch(
            "select id from begin_jobs($1, $2, 'w', 15, 3)", tenant.id, list(ids)
        )
        pausing = asyncio.create_task(tenant.pause())
        await somebody_waits(worker)
        assert not pausing.done()
        await transaction.commit()
        await pausing

    assert [row["id"] for row in begun] == ids


async def test_jobs_that_begin_wait_for_a_pause_that_is_just_said(database: FreshDatabase) -> None:
    """They don't slip through before it holds."""
    tenant = await a_waiting_tenant(database)
    ids = await tenant.put(1)
    async with database.transaction(tenant.id) as connection:
        await pause(connection, organization_id=tenant.id, by="m", why=WHY)
        async with session(database.urls.superuser_url) as superuser:
            beginning = asyncio.create_task(tenant.begin(ids))
            await somebody_waits(superuser)
            assert not beginning.done()

    assert await beginning == ()


async def test_a_pause_waits_for_what_is_just_handed_over(database: FreshDatabase) -> None:
    """When it is said, no relay hands anything over any more."""
    tenant = await a_waiting_tenant(database)
    await tenant.put(1)
    async with session(database.urls.superuser_url) as superuser, tenant.claimed() as claim:
        pausing = asyncio.create_task(tenant.pause())
        await somebody_waits(superuser)
        assert not pausing.done()
    await pausing

    assert len(claim.jobs) == 1


async def test_another_organizations_pause_holds_nobody_up(database: FreshDatabase) -> None:
    """Locks are of one organization."""
    paused, other = await a_waiting_tenant(database), await a_waiting_tenant(database)
    ids = await other.put(1)
    async with database.transaction(paused.id) as connection:
        await pause(connection, organization_id=paused.id, by="m", why=WHY)

        assert await other.taken() == ids
        assert len(await other.begin(ids)) == 1


async def test_the_first_pause_stands_until_jobs_flow(database: FreshDatabase) -> None:
    """Who paused, when and why is what was said first; limits are another matter."""
    tenant = await a_waiting_tenant(database)
    async with database.transaction(tenant.id) as connection:
        of = {"organization_id": tenant.id, "project_id": tenant.project}
        unsaid = await read_queue(connection, **of)
        first = await pause(connection, **of, by="ann", why="a")
        limited = await limit(connection, **of, by="bob", at_once=3, per_minute=None)
        second = await pause(connection, **of, by="bob", why="b")
        flowing = await resume(connection, **of, by="cal")
        again = await resume(connection, **of, by="dan")
        now = await connection.scalar(text("select now()"))

    assert unsaid == QueueSettings()
    assert first.pause == QueuePause(at=now, by="ann", why="a")
    assert (first.changed_at, first.changed_by) == (now, "ann")
    assert second == limited
    assert (second.pause, second.at_once, second.changed_by) == (first.pause, 3, "bob")
    assert (flowing.pause, flowing.at_once, flowing.changed_by) == (None, 3, "cal")
    assert again == flowing


async def test_a_queue_that_flows_is_left_as_nobody_touched_it(database: FreshDatabase) -> None:
    """Letting flow what flows says nothing."""
    tenant = await a_waiting_tenant(database)
    async with database.transaction(tenant.id) as connection:
        found = await resume(connection, organization_id=tenant.id, by="cal")

    assert found == QueueSettings()
