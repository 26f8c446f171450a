"""An organization is one row that only its own transactions see."""

from __future__ import annotations

import asyncio

import pytest

from runtime.store.organizations import (
    add_organization,
    archive_organization,
    find_organization,
    held_organization,
    rename_organization,
    steady_organization,
)
from runtime.store.session import Database
from tests.unit.runtime.store.rows import (
    NOW,
    ORGANIZATION,
    OTHER,
    an_organization,
    waiting_for_a_lock,
)


@pytest.fixture
async def stored(database: Database) -> Database:
    """Store two organizations."""
    async with database.transaction(ORGANIZATION) as connection:
        assert await add_organization(connection, an_organization())
    async with database.transaction(OTHER) as connection:
        assert await add_organization(connection, an_organization(id=OTHER, name="Globex"))
    return database


async def test_an_organization_is_read_as_it_was_stored(stored: Database) -> None:
    """By whichever lock."""
    async with stored.transaction(ORGANIZATION) as connection:
        for find in (find_organization, steady_organization, held_organization):
            assert await find(connection, ORGANIZATION) == an_organization()


async def test_another_organization_is_not_there(stored: Database) -> None:
    """Neither to readers nor to writers."""
    async with stored.transaction(ORGANIZATION) as connection:
        await rename_organization(connection, OTHER, name="Mine")
        await archive_organization(connection, OTHER, at=NOW)
        assert await find_organization(connection, OTHER) is None

    async with stored.transaction(OTHER) as connection:
        kept = an_organization(id=OTHER, name="Globex")
        assert await find_organization(connection, OTHER) == kept


async def test_an_id_is_given_once(stored: Database) -> None:
    """The second time nothing is stored, and the first name stays."""
    async with stored.transaction(ORGANIZATION) as connection:
        assert not await add_organization(connection, an_organization(name="Other"))
        assert await find_organization(connection, ORGANIZATION) == an_organization()


async def test_it_is_renamed_and_archived(stored: Database) -> None:
    """Each on its own."""
    async with stored.transaction(ORGANIZATION) as connection:
        await rename_organization(connection, ORGANIZATION, name="New")
        await archive_organization(connection, ORGANIZATION, at=NOW)

    async with stored.transaction(ORGANIZATION, read_only=True) as connection:
        found = await find_organization(connection, ORGANIZATION)
    assert found == an_organization(name="New", archived_at=NOW)


async def test_a_steady_organization_is_not_archived_meanwhile(stored: Database) -> None:
    """Whoever archives it waits, and sees what was done before."""

    async def archive() -> None:
        async with stored.transaction(ORGANIZATION) as connection:
            await held_organization(connection, ORGANIZATION)
            await archive_organization(connection, ORGANIZATION, at=NOW)

    async with stored.transaction(ORGANIZATION) as connection:
        await steady_organization(connection, ORGANIZATION)
        waiting = asyncio.create_task(archive())
        await waiting_for_a_lock(stored, ORGANIZATION)
        found = await steady_organization(connection, ORGANIZATION)
        assert found == an_organization()
    await waiting
