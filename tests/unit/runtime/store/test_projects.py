"""Projects are found, held, counted and deleted within their organization."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from runtime.domain.errors import NameTakenError
from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.state import State
from runtime.store import heads
from runtime.store.members import add_member
from runtime.store.memberships import put_membership
from runtime.store.organizations import add_organization
from runtime.store.projects import (
    HistorySize,
    add_project,
    archive_project,
    begin_purge,
    change_project,
    delete_project,
    find_project,
    held_project,
    history_size,
    keep_project,
    kept_active_projects,
    limits_text,
    outdate_judgements,
    projects_after,
)
from runtime.store.session import Database
from tests.unit.runtime.store.rows import (
    NOW,
    ORGANIZATION,
    OTHER,
    a_member,
    a_membership,
    a_project,
    an_id,
    an_organization,
    waiting_for_a_lock,
)

STATE = State.of({"box": {"value": 0}})
BOUNDED = Limits(per_minute=3, budgets={BudgetScope.ACTION: 7})


@pytest.fixture
async def stored(database: Database) -> Database:
    """Store three projects, of which a member is in the second, and one of another organization."""
    async with database.transaction(ORGANIZATION) as connection:
        await add_organization(connection, an_organization())
        await add_member(connection, a_member())
        await add_member(connection, a_member(2))
        for number in (1, 2, 3):
            project = a_project(number, limits=BOUNDED)
            await add_project(connection, project)
            await heads.create_head(
                connection, organization_id=ORGANIZATION, project_id=project.id, state=STATE,
                principal_id=project.created_by, now=NOW,
            )  # fmt: skip
        for membership in (a_membership(2), a_membership(3, 2)):
            await put_membership(connection, membership, organization_id=ORGANIZATION)
    async with database.transaction(OTHER) as connection:
        await add_organization(connection, an_organization(id=OTHER))
        await add_project(connection, a_project(9, organization_id=OTHER, name="Project 1"))
    return database


async def test_a_project_is_read_as_it_was_stored(stored: Database) -> None:
    """Limits included; one of another organization is not there."""
    async with stored.transaction(ORGANIZATION) as connection:
        assert await find_project(connection, an_id("prj")) == a_project(limits=BOUNDED)
        assert await held_project(connection, an_id("prj")) == a_project(limits=BOUNDED)
        assert await find_project(connection, an_id("prj", 9)) is None
        assert await held_project(connection, an_id("prj", 9)) is None


async def test_projects_are_listed_for_a_member_or_for_all(stored: Database) -> None:
    """In the order of their ids, after a given one, as many as asked for."""
    async with stored.transaction(ORGANIZATION) as connection:
        everything = await projects_after(connection, None, limit=9, member_id=None)
        some = await projects_after(connection, everything[0].id, limit=1, member_id=None)
        own = await projects_after(connection, None, limit=9, member_id=an_id("mem"))

    assert [item.id for item in everything] == [an_id("prj", number) for number in (1, 2, 3)]
    assert [item.id for item in some] == [an_id("prj", 2)]
    assert [item.id for item in own] == [an_id("prj", 2)]


async def test_a_name_is_taken_once(stored: Database) -> None:
    """For a new project and for a rename; the former leaves the transaction usable."""
    async with stored.transaction(ORGANIZATION) as connection:
        with pytest.raises(NameTakenError):
            await add_project(connection, a_project(5, name="Project 1"))
        assert await find_project(connection, an_id("prj", 5)) is None
    with pytest.raises(NameTakenError):
        async with stored.transaction(ORGANIZATION) as connection:
            await change_project(connection, an_id("prj", 2), name="Project 1", limits=BOUNDED)


async def test_another_broken_rule_is_a_fault_of_ours(stored: Database) -> None:
    """And not told as a name."""
    nameless: Any = None
    with pytest.raises(IntegrityError):
        async with stored.transaction(ORGANIZATION) as connection:
            await change_project(connection, an_id("prj"), name=nameless, limits=BOUNDED)
    with pytest.raises(IntegrityError):
        async with stored.transaction(ORGANIZATION) as connection:
            await add_project(connection, a_project(name="Another"))


async def test_a_project_is_changed_and_archived(stored: Database) -> None:
    """One of another organization is not."""
    async with stored.transaction(ORGANIZATION) as connection:
        for number in (1, 9):
            await change_project(connection, an_id("prj", number), name="New", limits=Limits())
            await archive_project(connection, an_id("prj", number), at=NOW)

    async with stored.transaction(ORGANIZATION) as connection:
        changed = a_project(name="New", archived_at=NOW)
        assert await find_project(connection, an_id("prj")) == changed
    async with stored.transaction(OTHER) as connection:
        kept = a_project(9, organization_id=OTHER, name="Project 1")
        assert await find_project(connection, an_id("prj", 9)) == kept


async def test_only_active_projects_are_kept(stored: Database) -> None:
    """Of those that are asked for, in this organization."""
    async with stored.transaction(ORGANIZATION) as connection:
        await archive_project(connection, an_id("prj", 2), at=NOW)
        asked = [an_id("prj", number) for number in (3, 2, 1, 9)]
        assert await kept_active_projects(connection, asked) == {an_id("prj"), an_id("prj", 3)}
        assert await kept_active_projects(connection, []) == frozenset()


async def test_every_projects_judgements_are_outdated(stored: Database) -> None:
    """Of this organization."""
    async with stored.transaction(ORGANIZATION) as connection:
        await outdate_judgements(connection, ORGANIZATION)
        await outdate_judgements(connection, OTHER)
        settings = await connection.scalars(text("select settings from heads"))
        assert set(settings) == {2}


async def test_a_project_is_deleted_with_its_history(stored: Database) -> None:
    """And nothing else is; what refers to it by name only stays."""
    project = an_id("prj", 2)
    async with stored.transaction(ORGANIZATION) as connection:
        size = await history_size(connection, project)
        for number in (2, 9):
            await archive_project(connection, an_id("prj", number), at=NOW)
            await begin_purge(connection, an_id("prj", number), at=NOW)
            await delete_project(connection, an_id("prj", number))

    assert size == HistorySize(versions=1, outcomes=0, digest=STATE.digest)
    async with stored.transaction(ORGANIZATION) as connection:
        for table in ("heads", "versions", "snapshots"):
            left = await connection.scalars(_PROJECTS_IN[table])
            assert set(left) == {an_id("prj"), an_id("prj", 3)}
        assert list(await connection.scalars(_PROJECTS_IN["memberships"])) == [an_id("prj", 3)]
    async with stored.transaction(OTHER) as connection:
        assert await find_project(connection, an_id("prj", 9)) is not None


async def test_history_alone_is_not_deleted(stored: Database) -> None:
    """Only with its project, whoever asks."""
    for statement, refusal in (
        ("delete from versions", "only ever added"),
        ("delete from snapshots", "only ever added"),
        ("delete from heads", "permission denied"),
    ):
        with pytest.raises(DBAPIError, match=refusal):
            async with stored.transaction(ORGANIZATION) as connection:
                await connection.exec_driver_sql(statement)


async def test_a_project_is_not_deleted_before_its_purge_began(stored: Database) -> None:
    """Archived or not; and what is not archived is not purged, nor restored meanwhile."""
    project = an_id("prj", 2)
    with pytest.raises(IntegrityError):
        async with stored.transaction(ORGANIZATION) as connection:
            await begin_purge(connection, project, at=NOW)
    async with stored.transaction(ORGANIZATION) as connection:
        await archive_project(connection, project, at=NOW)
    with pytest.raises(DBAPIError, match="at the end of its purge only"):
        async with stored.transaction(ORGANIZATION) as connection:
            await delete_project(connection, project)
    async with stored.transaction(ORGANIZATION) as connection:
        await begin_purge(connection, project, at=NOW)
    with pytest.raises(IntegrityError):
        async with stored.transaction(ORGANIZATION) as connection:
            await archive_project(connection, project, at=None)


async def test_a_project_that_is_kept_is_deleted_later(stored: Database) -> None:
    """Whoever deletes it waits for the transaction that keeps it."""
    project = an_id("prj", 2)
    async with stored.transaction(ORGANIZATION) as connection:
        await archive_project(connection, project, at=NOW)
        await begin_purge(connection, project, at=NOW)

    async def delete() -> None:
        async with stored.transaction(ORGANIZATION) as connection:
            await delete_project(connection, project)

    async with stored.transaction(ORGANIZATION) as connection:
        await keep_project(connection, project)
        deleting = asyncio.create_task(delete())
        await waiting_for_a_lock(stored, ORGANIZATION)
        assert await find_project(connection, project) is not None
    await deleting


def test_limits_are_spelled_canonically() -> None:
    """So that equal limits are equal texts."""
    assert limits_text(BOUNDED) == (
        '{"budgets":{"action":7},"day_zone":"UTC","per_hour":null,"per_minute":3,"quotas":{},'
        '"windows":[]}'
    )


_PROJECTS_IN = {
    "heads": text("select project_id from heads"),
    "versions": text("select project_id from versions"),
    "snapshots": text("select project_id from snapshots"),
    "memberships": text("select project_id from memberships"),
}
