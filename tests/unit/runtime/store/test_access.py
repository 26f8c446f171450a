"""One query says whose a credential is, or what somebody is in a project."""

from __future__ import annotations

import pytest

from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.kit.clock import FixedClock
from runtime.store.access import identity_bearer, standing_in, token_bearer
from tests.database import FreshDatabase
from tests.unit.runtime.services.founding import START, found


async def test_a_token_is_its_members(database: FreshDatabase) -> None:
    """With what the look-up has to judge."""
    founded = await found(database, FixedClock(START))
    async with database.transaction(founded.organization_id) as connection:
        bearer = await token_bearer(connection, founded.token_id)

    assert bearer is not None
    assert bearer.bearer.member_id == founded.member_id
    assert bearer.bearer.organization_role is OrganizationRole.OWNER
    assert bearer.scopes == frozenset(Scope)
    assert len(bearer.hash) == 32
    assert "hash" not in repr(bearer)
    assert (bearer.claims, "claims" in repr(bearer)) == ("", False)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("update members set removed_at = now()", id="who was removed"),
        pytest.param("update members set issuer = 'j', subject = 's'", id="another issuer"),
        pytest.param("update members set issuer = 'i', subject = 't'", id="another subject"),
        pytest.param("update members set kind = 'service'", id="a service"),
    ],
)
async def test_an_identity_is_one_person(database: FreshDatabase, change: str) -> None:
    """And nobody who was, or is nearly, the same."""
    founded = await found(database, FixedClock(START))
    async with database.transaction(founded.organization_id) as connection:
        await connection.exec_driver_sql("update members set issuer = 'i', subject = 's'")
        before = await identity_bearer(connection, issuer="i", subject="s")
        await connection.exec_driver_sql(change)
        after = await identity_bearer(connection, issuer="i", subject="s")

    assert before is not None
    assert (before.member_id, before.member_kind) == (founded.member_id, MemberKind.PERSON)
    assert after is None


async def test_a_token_of_who_was_removed_is_nobodys(database: FreshDatabase) -> None:
    """Though the row is there."""
    founded = await found(database, FixedClock(START))
    async with database.transaction(founded.organization_id) as connection:
        await connection.exec_driver_sql("update members set removed_at = now()")
        found_token = await token_bearer(connection, founded.token_id)

    assert found_token is None


async def test_where_there_is_no_project_nobody_stands(database: FreshDatabase) -> None:
    """The rest is shown where it is used, in the tests of `services.identity.access`."""
    founded = await found(database, FixedClock(START))
    standing = await standing_in(
        database,
        organization_id=founded.organization_id,
        project_id="prj_x",
        member_id=founded.member_id,
    )

    assert standing is None
