"""Every version of an organization's limits is kept, and the newest holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from runtime.store.organization_limits import (
    StoredLimits,
    add_limits,
    newest_limits,
    read_limits,
)
from runtime.store.organizations import add_organization
from runtime.store.session import Database
from tests.shared_limits import a_budget, shared_limits
from tests.unit.runtime.store.rows import NOW, ORGANIZATION, OTHER, an_id, an_organization

FIRST: Final = shared_limits(a_budget(5), number=1, zone="Europe/Berlin")
SECOND: Final = shared_limits(number=2, currency="EUR")
LATER: Final = NOW + timedelta(seconds=1)
WHO: Final = an_id("mem")


@pytest.fixture
async def limited(database: Database) -> Database:
    """Store an organization with two versions of limits, and one without."""
    async with database.transaction(OTHER) as connection:
        await add_organization(connection, an_organization(id=OTHER, name="Globex"))
    async with database.transaction(ORGANIZATION) as connection:
        await add_organization(connection, an_organization())
        for limits, now in ((FIRST, NOW), (SECOND, LATER)):
            await add_limits(
                connection, limits, organization_id=ORGANIZATION, principal_id=WHO, now=now
            )
    return database


async def test_the_newest_version_holds_and_the_others_are_kept(limited: Database) -> None:
    """With who made it and when."""
    async with limited.transaction(ORGANIZATION) as connection:
        newest = await newest_limits(connection, ORGANIZATION)
        kept = await connection.execute(
            text("select number, document from organization_limits order by number")
        )
        versions = [read_limits(row.number, row.document) for row in kept]

    assert newest == StoredLimits(limits=SECOND, principal_id=WHO, created_at=LATER)
    assert versions == [FIRST, SECOND]


async def test_an_organization_that_set_none_has_none(limited: Database) -> None:
    """Whatever others have, and whoever is asked about."""
    async with limited.transaction(OTHER) as connection:
        assert await newest_limits(connection, OTHER) is None
        assert await newest_limits(connection, ORGANIZATION) is None


async def test_a_number_is_used_once(limited: Database) -> None:
    """Two who replace limits at once are told apart by the database."""
    with pytest.raises(IntegrityError):
        async with limited.transaction(ORGANIZATION) as connection:
            await add_limits(
                connection, FIRST, organization_id=ORGANIZATION, principal_id=WHO, now=NOW
            )


async def test_a_version_is_never_rewritten(limited: Database) -> None:
    """What was judged by it can be judged by it again."""
    with pytest.raises(DBAPIError):
        async with limited.transaction(ORGANIZATION) as connection:
            await connection.execute(text("update organization_limits set document = '{}'"))


def test_what_is_stored_is_read_with_its_number() -> None:
    """Where there is no number, there are no limits."""
    assert read_limits(2, SECOND.document.model_dump_json()) == SECOND
    assert read_limits(None, None) is None
