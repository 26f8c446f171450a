"""Projects of one organization share transactions, and none pays for another's fault."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from runtime.domain.errors import (
    NotFoundError,
    StaleFenceError,
    StaleHeadError,
    StorageRefusedError,
)
from runtime.services.execution.commits import MOST_TOGETHER, Commits
from runtime.services.execution.draft import Tenure
from runtime.services.execution.judges import Judges
from runtime.store.executions import Commit, RepeatedError
from runtime.store.heads import read_head
from tests.database import FreshDatabase
from tests.execution import ENVIRONMENTS, World, a_key, a_project, an_increment
from tests.rules import decided_by_table


async def a_commit(world: World, *, project: str, fence: int = 1, key: str | None = None) -> Commit:
    """Judge one execution in a project, and return what it would commit."""
    organization = world.caller.organization_id
    head = await read_head(world.database, organization_id=organization, project_id=project)
    tenure = Tenure(
        organization_id=organization, project_id=project, fence=fence, now=world.ids.now()
    )
    execution = world.execution(an_increment(), key=None if key is None else a_key(key))
    judge = Judges(ENVIRONMENTS).of("counter")
    decided = decided_by_table(judge, [execution])
    return judge.group([execution], head, tenure, decided=decided).commit


async def all_written(commits: Commits, groups: list[Commit]) -> list[BaseException | None]:
    """Write groups at the same moment, and return what each was told."""

    async def told(group: Commit) -> BaseException | None:
        try:
            await commits.write(group)
        except Exception as error:  # noqa: BLE001  # the test compares them
            return error
        return None

    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(told(group)) for group in groups]
    return [task.result() for task in asked]


async def transactions(database: FreshDatabase) -> int:
    """Count the transactions that the database has committed."""
    superuser = await asyncpg.connect(database.urls.superuser_url)
    try:
        return int(await superuser.fetchval("select txid_current()::text::bigint"))
    finally:
        await superuser.close()


async def test_what_is_ready_at_the_same_moment_commits_together(
    world: World, database: FreshDatabase
) -> None:
    """Forty projects take a handful of transactions, and each has its version."""
    projects = [await a_project(database, world.caller) for _ in range(40)]
    groups = [await a_commit(world, project=project) for project in projects]
    before = await transactions(database)

    told = await all_written(Commits(database), groups)

    assert told == [None] * 40
    assert await transactions(database) - before <= 4 + 40 // MOST_TOGETHER
    heads = [
        await read_head(database, organization_id=world.caller.organization_id, project_id=project)
        for project in projects
    ]
    assert {head.state.version for head in heads} == {1}


async def test_one_to_blame_is_told_and_its_neighbours_are_stored(
    world: World, database: FreshDatabase
) -> None:
    """A stale fence, a moved head, a project that is gone and a used key, each among good ones."""
    projects = [await a_project(database, world.caller) for _ in range(8)]
    groups = [await a_commit(world, project=project, fence=5) for project in projects[:4]]
    commits = Commits(database)
    await commits.write(await a_commit(world, project=projects[4], fence=9))
    stale_fence = await a_commit(world, project=projects[4], fence=5)
    moved = await a_commit(world, project=projects[5])
    await commits.write(await a_commit(world, project=projects[5]))
    await commits.write(await a_commit(world, project=projects[6], key="used"))
    repeated = await a_commit(world, project=projects[7], key="used")
    gone = replace(groups[0], project_id=world.ids.new("prj"), outcomes=(), versions=())

    told = await all_written(
        commits, [groups[0], stale_fence, groups[1], moved, gone, groups[2], repeated, groups[3]]
    )

    assert [type(error) for error in told] == [
        type(None),
        StaleFenceError,
        type(None),
        StaleHeadError,
        NotFoundError,
        type(None),
        RepeatedError,
        type(None),
    ]
    assert isinstance(told[1], StaleFenceError)
    assert (told[1].held, told[1].current) == (5, 9)


async def test_what_the_database_refuses_harms_no_neighbour(
    world: World, database: FreshDatabase
) -> None:
    """A row that no table takes is a refusal, told of its own group alone, and repeats no value."""
    projects = [await a_project(database, world.caller) for _ in range(3)]
    groups = [await a_commit(world, project=project) for project in projects]
    odd = replace(groups[1], outcomes=(replace(groups[1].outcomes[0], status="odd"),))

    told = await all_written(Commits(database), [groups[0], odd, groups[2]])

    assert [type(error) for error in told] == [type(None), StorageRefusedError, type(None)]
    assert "odd" not in str(told[1])


async def test_a_smaller_fence_writes_nothing(world: World) -> None:
    """Storage refuses whoever was overtaken, and keeps no trace of the attempt (D10)."""
    commits = Commits(world.database)
    late = await a_commit(world, project=world.project_id, fence=7)
    await commits.write(await a_commit(world, project=world.project_id, fence=8))
    counted = [await world.count(table) for table in ("outcomes", "versions", "events")]

    with pytest.raises(StaleFenceError):
        await commits.write(late)

    assert [await world.count(table) for table in ("outcomes", "versions", "events")] == counted


async def test_organizations_never_share(world: World, database: FreshDatabase) -> None:
    """Two organizations' groups at the same moment are stored each under its own."""
    other = replace(
        world.caller, organization_id=world.ids.new("org"), member_id=world.ids.new("mem")
    )
    foreign = replace(world, caller=other, project_id=await a_project(database, other))
    groups = [await a_commit(place, project=place.project_id) for place in (world, foreign)]

    told = await all_written(Commits(database), groups)

    assert told == [None, None]
    assert (await world.count("outcomes"), await foreign.count("outcomes")) == (1, 1)
