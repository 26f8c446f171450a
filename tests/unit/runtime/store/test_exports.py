"""An export reads one organization at one instant, without secrets, and can't write."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from runtime.domain.errors import StorageUnavailableError, TenantContextMissingError
from runtime.store.exports import EXPORTED, SECRET_COLUMNS, frozen, rows_of
from runtime.store.members import MemberRow, add_member
from runtime.store.organizations import OrganizationRow, add_organization
from runtime.store.session import Database
from tests.unit.runtime.store.rows import ORGANIZATION, OTHER, a_member, an_organization


@pytest.fixture
async def stored(database: Database) -> Database:
    """Store two organizations with a member each."""
    for organization, number in ((ORGANIZATION, 1), (OTHER, 2)):
        async with database.transaction(organization) as connection:
            await add_organization(connection, an_organization(id=organization))
            await add_member(connection, a_member(number, organization_id=organization))
    return database


async def test_rows_are_read_in_the_order_of_their_keys(stored: Database) -> None:
    """Those of one organization, few at a time."""
    async with stored.transaction(ORGANIZATION) as connection:
        for number in (9, 5, 7):
            await add_member(connection, a_member(number))

    async with frozen(stored, ORGANIZATION) as connection:
        found = [row async for row in rows_of(connection, MemberRow, at_once=2)]

    assert [row["id"] for row in found] == [a_member(number).id for number in (1, 5, 7, 9)]
    assert found[0]["display_name"] == "Person 1"


async def test_what_is_committed_meanwhile_is_not_seen(stored: Database) -> None:
    """All tables are as of one instant, which the first statement sets."""
    async with frozen(stored, ORGANIZATION) as connection:
        first = [row async for row in rows_of(connection, OrganizationRow, at_once=9)]
        async with stored.transaction(ORGANIZATION) as other:
            await add_member(other, a_member(3))
        members = [row async for row in rows_of(connection, MemberRow, at_once=9)]

    assert (len(first), len(members)) == (1, 1)


async def test_an_export_writes_nothing(stored: Database) -> None:
    """The server refuses it."""
    with pytest.raises(StorageUnavailableError) as refused:
        async with frozen(stored, ORGANIZATION) as connection:
            await add_member(connection, a_member(3))
    assert "read-only" in str(refused.value.__cause__)


@pytest.mark.parametrize("organization", ["", "org_1", "*"])
async def test_there_is_no_export_of_no_organization(stored: Database, organization: str) -> None:
    """No transaction is opened."""
    with pytest.raises(TenantContextMissingError):
        async with frozen(stored, organization):
            pass


async def test_the_connection_is_as_others_afterwards(stored: Database) -> None:
    """Neither read-only nor at another isolation, nor with a tenant."""
    async with frozen(stored, ORGANIZATION):
        pass

    async with stored.engine.connect() as connection:
        shown = [
            (await connection.execute(text(statement))).scalar_one()
            for statement in (
                "show transaction_isolation",
                "show transaction_read_only",
                "select current_setting('app.organization_id', true)",
            )
        ]
    assert shown[:2] == ["read committed", "off"]
    assert not shown[2]


async def test_a_lost_connection_is_told(stored: Database) -> None:
    """As storage that does not answer."""
    with pytest.raises(StorageUnavailableError):
        async with frozen(stored, ORGANIZATION):
            raise ConnectionResetError


def test_secrets_are_left_out_by_name() -> None:
    """The columns that hold them are the only ones of binary type; claims are personal."""
    binary = {
        (table.__tablename__, column.name)
        for table in EXPORTED
        for column in table.__table__.columns
        if column.type.python_type is bytes
    }
    assert binary == {
        ("audit_payload_keys", "wrapped"),
        ("hook_secrets", "sealed"),
        ("invitations", "hash"),
        ("tokens", "hash"),
        ("webhook_endpoints", "sealed_headers"),
        ("webhook_endpoints", "sealed_url"),
        ("webhook_secrets", "sealed"),
    }
    assert {name for _, name in binary} | {"claims"} == SECRET_COLUMNS
