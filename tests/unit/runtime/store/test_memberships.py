"""A membership is one row for each member of a project."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from runtime.domain.member import ProjectRole
from runtime.domain.principal import Mode
from runtime.store.members import add_member
from runtime.store.memberships import (
    find_membership,
    memberships_after,
    put_membership,
    withdraw_membership,
    withdraw_memberships_of,
)
from runtime.store.organizations import add_organization
from runtime.store.projects import add_project
from runtime.store.session import Database
from tests.unit.runtime.store.rows import (
    ORGANIZATION,
    OTHER,
    a_member,
    a_membership,
    a_project,
    an_id,
    an_organization,
)


@pytest.fixture
async def stored(database: Database) -> Database:
    """Store two projects and three members; the first is in both, the second in the first."""
    async with database.transaction(ORGANIZATION) as connection:
        await add_organization(connection, an_organization())
        for number in (1, 2, 3):
            await add_member(connection, a_member(number))
        for number in (1, 2):
            await add_project(connection, a_project(number))
        for membership in (a_membership(1, 1), a_membership(2, 1), a_membership(1, 2)):
            await put_membership(connection, membership, organization_id=ORGANIZATION)
    async with database.transaction(OTHER) as connection:
        await add_organization(connection, an_organization(id=OTHER))
    return database


async def test_a_membership_is_replaced_as_a_whole(stored: Database) -> None:
    """But for when it began."""
    new = a_membership(role=ProjectRole.ADMIN, extra_roles=("a", "b"), mode=Mode.AUTONOMOUS)
    async with stored.transaction(ORGANIZATION) as connection:
        await put_membership(connection, new, organization_id=ORGANIZATION)
        found = await find_membership(connection, project_id=an_id("prj"), member_id=an_id("mem"))
        nobody = await find_membership(
            connection, project_id=an_id("prj"), member_id=an_id("mem", 3)
        )

    assert (found, nobody) == (new, None)


async def test_memberships_of_a_project_are_listed_after_one_another(stored: Database) -> None:
    """In the order of the members' ids, as many as asked for."""
    project = an_id("prj")
    async with stored.transaction(ORGANIZATION) as connection:
        first = await memberships_after(connection, None, limit=1, project_id=project)
        rest = await memberships_after(connection, an_id("mem"), limit=9, project_id=project)

    assert (first, rest) == ((a_membership(1, 1),), (a_membership(1, 2),))


async def test_another_organization_sees_and_takes_nothing(stored: Database) -> None:
    """Although it knows the ids."""
    async with stored.transaction(OTHER) as connection:
        named = {"project_id": an_id("prj"), "member_id": an_id("mem")}
        assert await find_membership(connection, **named) is None
        assert not await withdraw_membership(connection, **named)
        assert await withdraw_memberships_of(connection, an_id("mem")) == []
        listed = await memberships_after(connection, None, limit=9, project_id=an_id("prj"))
        assert listed == ()
    async with stored.transaction(ORGANIZATION) as connection:
        assert await find_membership(connection, **named) is not None


async def test_a_membership_joins_things_of_one_organization(stored: Database) -> None:
    """A foreign project and one that does not exist are refused alike, by the key itself."""
    async with stored.transaction(OTHER) as connection:
        await add_member(connection, a_member(8, organization_id=OTHER))
    refusals = []
    for project in (1, 77):
        with pytest.raises(IntegrityError) as refused:
            async with stored.transaction(OTHER) as connection:
                await put_membership(connection, a_membership(project, 8), organization_id=OTHER)
        refusals.append(str(refused.value.orig).replace(an_id("prj", project), "ID"))

    assert refusals[0] == refusals[1]


async def test_a_membership_is_withdrawn_once(stored: Database) -> None:
    """The member's others stay."""
    named = {"project_id": an_id("prj"), "member_id": an_id("mem")}
    async with stored.transaction(ORGANIZATION) as connection:
        assert await withdraw_membership(connection, **named)
        assert not await withdraw_membership(connection, **named)
        assert await withdraw_memberships_of(connection, an_id("mem")) == [an_id("prj", 2)]


async def test_all_memberships_of_a_member_are_withdrawn(stored: Database) -> None:
    """And the projects named, sorted; others keep theirs."""
    async with stored.transaction(ORGANIZATION) as connection:
        gone = await withdraw_memberships_of(connection, an_id("mem"))
        left = await memberships_after(connection, None, limit=9, project_id=an_id("prj"))

    assert gone == [an_id("prj"), an_id("prj", 2)]
    assert left == (a_membership(1, 2),)
