"""Which organizations there are is known without seeing any of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runtime.store.listed_organizations import organization_ids, organizations_stamp
from runtime.store.organizations import add_organization, archive_organization
from runtime.store.session import Database
from tests.database import FreshDatabase
from tests.unit.runtime.store.rows import NOW, an_id, an_organization

FIRST, SECOND, THIRD = (an_id("org", number) for number in (1, 2, 3))


async def archived(database: Database, organization_id: str, *, ends: bool = True) -> None:
    """Archive an organization, or restore it."""
    async with database.transaction(organization_id) as connection:
        at = NOW + timedelta(days=1) if ends else None
        await archive_organization(connection, organization_id, at=at)


@pytest.fixture
async def stored(database: Database) -> Database:
    """Store three organizations."""
    for organization_id in (THIRD, FIRST, SECOND):
        async with database.transaction(organization_id) as connection:
            await add_organization(connection, an_organization(id=organization_id))
    return database


async def test_the_organizations_that_there_are_are_listed(stored: Database) -> None:
    """The oldest first, up to a bound; not those that are archived, until they are restored."""
    assert await organization_ids(stored, limit=5) == (FIRST, SECOND, THIRD)
    assert await organization_ids(stored, limit=2) == (FIRST, SECOND)
    await archived(stored, SECOND)
    assert await organization_ids(stored, limit=5) == (FIRST, THIRD)
    await archived(stored, SECOND, ends=False)
    assert await organization_ids(stored, limit=5) == (FIRST, SECOND, THIRD)


async def test_their_stamp_changes_with_them(stored: Database) -> None:
    """Also when as many are there as before."""
    all_three = await organizations_stamp(stored, limit=5)
    await archived(stored, FIRST)
    without_first = await organizations_stamp(stored, limit=5)
    await archived(stored, FIRST, ends=False)
    await archived(stored, SECOND)
    without_second = await organizations_stamp(stored, limit=5)

    assert [all_three[0], without_first[0], without_second[0]] == [3, 2, 2]
    assert len({all_three, without_first, without_second}) == 3
    assert await organizations_stamp(stored, limit=5) == without_second


async def test_where_there_is_none_there_is_a_stamp(database: FreshDatabase) -> None:
    """A platform that nobody uses yet has one too."""
    assert await organization_ids(database, limit=5) == ()
    assert await organizations_stamp(database, limit=5) == (0, 0)
