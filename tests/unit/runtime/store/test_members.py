"""Members are found by id, address and login, while they are members."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from runtime.domain.errors import NameTakenError
from runtime.domain.member import Member
from runtime.domain.organization import OrganizationRole
from runtime.store.members import (
    add_member,
    change_role,
    find_member,
    held_member_of_identity,
    held_member_with_email,
    held_owners_and,
    link_identity,
    member_with_email,
    members_after,
    remove_member,
    revoke_tokens_of,
    steady_members,
)
from runtime.store.organizations import add_organization
from runtime.store.session import Database
from tests.unit.runtime.store.rows import (
    NOW,
    ORGANIZATION,
    OTHER,
    a_member,
    an_id,
    an_organization,
    waiting_for_a_lock,
)

ANN = a_member(
    1, email="ann@x", issuer="i", subject="ann", organization_role=OrganizationRole.OWNER
)
BOB = a_member(2, email="bob@x", organization_role=OrganizationRole.OWNER)
CAT = a_member(3)
FOREIGN = a_member(4, organization_id=OTHER, email="ann@x", issuer="i", subject="ann")


@pytest.fixture
async def stored(database: Database) -> Database:
    """Store three members, and one of another organization with the same address and login."""
    async with database.transaction(ORGANIZATION) as connection:
        await add_organization(connection, an_organization())
        for member in (ANN, BOB, CAT):
            await add_member(connection, member)
    async with database.transaction(OTHER) as connection:
        await add_organization(connection, an_organization(id=OTHER))
        await add_member(connection, FOREIGN)
    return database


async def test_a_member_is_found_by_everything_that_is_theirs(stored: Database) -> None:
    """In the own organization only."""
    async with stored.transaction(ORGANIZATION) as connection:
        assert await find_member(connection, ANN.id) == ANN
        assert await find_member(connection, FOREIGN.id) is None
        for by_email in (member_with_email, held_member_with_email):
            assert await by_email(connection, "ann@x") == ANN
            assert await by_email(connection, "Ann@x") is None
        assert await held_member_of_identity(connection, issuer="i", subject="ann") == ANN
        assert await held_member_of_identity(connection, issuer="j", subject="ann") is None


async def test_who_was_removed_is_found_by_id_alone(stored: Database) -> None:
    """Address and login are free again."""
    removed = replace(ANN, removed_at=NOW)
    async with stored.transaction(ORGANIZATION) as connection:
        await remove_member(connection, ANN.id, at=NOW)

        assert await find_member(connection, ANN.id) == removed
        for gone in (
            *await steady_members(connection, [ANN.id]),
            await member_with_email(connection, "ann@x"),
            await held_member_of_identity(connection, issuer="i", subject="ann"),
        ):
            assert gone is None
        assert await members_after(connection, None, limit=9) == (BOB, CAT)
        await add_member(connection, replace(ANN, id=an_id("mem", 5)))


async def test_members_are_listed_after_one_another(stored: Database) -> None:
    """In the order of their ids, as many as asked for."""
    async with stored.transaction(ORGANIZATION) as connection:
        assert await members_after(connection, None, limit=2) == (ANN, BOB)
        assert await members_after(connection, BOB.id, limit=2) == (CAT,)


@pytest.mark.parametrize(
    "member",
    [
        pytest.param(a_member(7, email="ann@x"), id="address"),
        pytest.param(a_member(7, issuer="i", subject="ann"), id="login"),
    ],
)
async def test_address_and_login_are_taken_once(stored: Database, member: Member) -> None:
    """In one organization."""
    with pytest.raises(NameTakenError):
        async with stored.transaction(ORGANIZATION) as connection:
            await add_member(connection, member)


async def test_an_id_that_is_taken_is_a_fault_of_ours(stored: Database) -> None:
    """And not told as an address."""
    with pytest.raises(IntegrityError):
        async with stored.transaction(ORGANIZATION) as connection:
            await add_member(connection, CAT)


async def test_a_role_and_a_login_are_changed(stored: Database) -> None:
    """Of a member of this organization; another one's stay."""
    async with stored.transaction(ORGANIZATION) as connection:
        for member in (CAT, FOREIGN):
            await change_role(connection, member.id, role=OrganizationRole.OWNER)
            await link_identity(connection, member.id, issuer="k", subject="s")
            await remove_member(connection, FOREIGN.id, at=NOW)
        changed = await find_member(connection, CAT.id)

    owner = OrganizationRole.OWNER
    assert changed == replace(CAT, organization_role=owner, issuer="k", subject="s")
    async with stored.transaction(OTHER) as connection:
        assert await find_member(connection, FOREIGN.id) == FOREIGN


async def test_owners_are_held_with_those_who_are_named(stored: Database) -> None:
    """In the order of their ids, once each; who was removed is not, nor anybody of elsewhere."""
    async with stored.transaction(ORGANIZATION) as connection:
        assert await held_owners_and(connection, ()) == (ANN, BOB)
        assert await held_owners_and(connection, (CAT.id, ANN.id, FOREIGN.id)) == (ANN, BOB, CAT)
        await remove_member(connection, ANN.id, at=NOW)
        assert await held_owners_and(connection, (ANN.id,)) == (BOB,)


async def test_who_is_steady_is_changed_later(stored: Database) -> None:
    """Any number of transactions may rely on a member; whoever changes them waits for all."""

    async def held_later() -> None:
        async with stored.transaction(ORGANIZATION) as connection:
            await held_owners_and(connection, ())

    async with stored.transaction(ORGANIZATION) as one, stored.transaction(ORGANIZATION) as two:
        assert await steady_members(one, (CAT.id, ANN.id)) == (ANN, CAT)
        assert await steady_members(two, (ANN.id, ANN.id, FOREIGN.id)) == (ANN,)
        later = asyncio.create_task(held_later())
        await waiting_for_a_lock(stored, ORGANIZATION)
        assert not later.done()
    await later


async def test_who_holds_the_owners_is_waited_for(stored: Database) -> None:
    """The second one sees what the first one left."""

    async def seen_later() -> tuple[Member, ...]:
        async with stored.transaction(ORGANIZATION) as connection:
            return await held_owners_and(connection, ())

    async with stored.transaction(ORGANIZATION) as connection:
        await held_owners_and(connection, ())
        later = asyncio.create_task(seen_later())
        await waiting_for_a_lock(stored, ORGANIZATION)
        await change_role(connection, ANN.id, role=OrganizationRole.MEMBER)

    assert await later == (BOB,)


async def test_a_members_tokens_are_revoked_once(stored: Database) -> None:
    """Theirs alone; those that were revoked before keep their instant."""
    async with stored.transaction(ORGANIZATION) as connection:
        for number, member, revoked in (
            (1, ANN, None),
            (2, ANN, None),
            (3, ANN, NOW),
            (4, BOB, None),
        ):
            await connection.execute(
                _TOKEN,
                {
                    "organization": ORGANIZATION,
                    "id": f"tok_{number}",
                    "member": member.id,
                    "revoked": revoked,
                },
            )
        assert await revoke_tokens_of(connection, ANN.id, at=NOW) == 2
        assert await revoke_tokens_of(connection, ANN.id, at=NOW) == 0
        left = await connection.scalars(text("select id from tokens where revoked_at is null"))
        assert list(left) == ["tok_4"]


_TOKEN = text(
    "insert into tokens (organization_id, id, member_id, kind, name, hash, scopes, created_at,"
    " created_by, revoked_at) values (:organization, :id, :member, 'api', 'n', '\\x00', '{}',"
    " now(), 'mem', :revoked)"
)
