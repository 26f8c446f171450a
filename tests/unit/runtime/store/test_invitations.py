"""Invitations are open until they are accepted, revoked or expired."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from runtime.domain.member import ProjectRole
from runtime.store.invitations import (
    SealedInvitation,
    accept_invitation,
    add_invitation,
    find_invitation,
    held_invitation,
    held_open_invitations,
    invitations_after,
    projects_invited_to,
    revoke_invitation,
    revoke_invitations_to,
)
from runtime.store.organizations import add_organization
from runtime.store.projects import add_project
from runtime.store.session import Database
from tests.unit.runtime.store.rows import (
    NOW,
    ORGANIZATION,
    OTHER,
    a_project,
    an_id,
    an_invitation,
    an_organization,
    waiting_for_a_lock,
)

TO_PROJECT = an_invitation(2, project_id=an_id("prj"), role=ProjectRole.OPERATOR)
TO_ANOTHER = an_invitation(3, email="else@x")


@pytest.fixture
async def stored(database: Database) -> Database:
    """Store three invitations, two of them to one address."""
    async with database.transaction(ORGANIZATION) as connection:
        await add_organization(connection, an_organization())
        await add_project(connection, a_project())
        for invitation in (an_invitation(), TO_PROJECT, TO_ANOTHER):
            sealed = SealedInvitation(invitation=invitation, hash=invitation.id.encode())
            await add_invitation(connection, sealed, organization_id=ORGANIZATION)
    async with database.transaction(OTHER) as connection:
        await add_organization(connection, an_organization(id=OTHER))
    return database


async def open_ids(database: Database, **changes: object) -> Sequence[str]:
    """Return what the address may accept now."""
    asked = {"email": "new@x", "now": NOW, "limit": 9, **changes}
    async with database.transaction(ORGANIZATION) as connection:
        found = await held_open_invitations(connection, **asked)  # type: ignore[arg-type]  # a table
    return [item.invitation.id for item in found]


async def test_an_invitation_is_read_as_it_was_stored(stored: Database) -> None:
    """With its hash only where it is to be compared; elsewhere it is not there."""
    async with stored.transaction(ORGANIZATION) as connection:
        for find in (find_invitation, held_invitation):
            assert await find(connection, TO_PROJECT.id) == TO_PROJECT
            assert await find(connection, an_id("inv", 7)) is None
        sealed = await held_open_invitations(connection, email="else@x", now=NOW, limit=9)
    async with stored.transaction(OTHER) as connection:
        assert await find_invitation(connection, TO_PROJECT.id) is None
        assert await held_open_invitations(connection, email="else@x", now=NOW, limit=9) == ()

    assert sealed == (SealedInvitation(invitation=TO_ANOTHER, hash=TO_ANOTHER.id.encode()),)
    assert "hash" not in repr(sealed)


async def test_invitations_are_listed_after_one_another(stored: Database) -> None:
    """In the order of their ids; all of them, or those to a project."""
    async with stored.transaction(ORGANIZATION) as connection:
        first = await invitations_after(connection, None, limit=2, project_id=None)
        rest = await invitations_after(connection, first[-1].id, limit=9, project_id=None)
        some = await invitations_after(connection, None, limit=9, project_id=an_id("prj"))

    assert (*first, *rest) == (an_invitation(), TO_PROJECT, TO_ANOTHER)
    assert some == (TO_PROJECT,)


async def test_an_address_may_accept_what_is_open(stored: Database) -> None:
    """As many as asked for, until the second in which they expire."""
    last = NOW + timedelta(hours=1) - timedelta(microseconds=1)

    assert await open_ids(stored) == [an_invitation().id, TO_PROJECT.id]
    assert await open_ids(stored, limit=1) == [an_invitation().id]
    assert await open_ids(stored, now=last) == [an_invitation().id, TO_PROJECT.id]
    assert await open_ids(stored, now=NOW + timedelta(hours=1)) == []


async def test_what_was_accepted_or_revoked_is_not_open(stored: Database) -> None:
    """And says since when."""
    async with stored.transaction(ORGANIZATION) as connection:
        await accept_invitation(connection, an_invitation().id, at=NOW)
        await revoke_invitation(connection, TO_PROJECT.id, at=NOW)
        accepted = await find_invitation(connection, an_invitation().id)
        revoked = await find_invitation(connection, TO_PROJECT.id)

    assert accepted == replace(an_invitation(), accepted_at=NOW)
    assert revoked == replace(TO_PROJECT, revoked_at=NOW)
    assert await open_ids(stored) == []
    assert await open_ids(stored, email="else@x") == [TO_ANOTHER.id]


async def test_the_projects_that_an_address_is_invited_to(stored: Database) -> None:
    """Each once, and only of open invitations."""
    async with stored.transaction(ORGANIZATION) as connection:
        again = replace(TO_PROJECT, id=an_id("inv", 6))
        await add_invitation(
            connection, SealedInvitation(invitation=again, hash=b""), organization_id=ORGANIZATION
        )
        found = await projects_invited_to(connection, email="new@x", now=NOW, limit=9)
        later = NOW + timedelta(days=1)
        expired = await projects_invited_to(connection, email="new@x", now=later, limit=9)

    assert (found, expired) == ([an_id("prj")], [])


async def test_all_open_invitations_to_an_address_are_revoked(stored: Database) -> None:
    """Others stay, and accepted ones stay accepted."""
    async with stored.transaction(ORGANIZATION) as connection:
        await accept_invitation(connection, TO_PROJECT.id, at=NOW)
        assert await revoke_invitations_to(connection, "new@x", at=NOW) == 1
        assert await revoke_invitations_to(connection, "new@x", at=NOW) == 0
        assert await find_invitation(connection, TO_PROJECT.id) == replace(
            TO_PROJECT, accepted_at=NOW
        )
    assert await open_ids(stored, email="else@x") == [TO_ANOTHER.id]


async def test_who_holds_an_invitation_is_waited_for(stored: Database) -> None:
    """And then it is not open any more."""
    async with stored.transaction(ORGANIZATION) as connection:
        await held_open_invitations(connection, email="new@x", now=NOW, limit=9)
        later = asyncio.create_task(_opened(stored))
        await waiting_for_a_lock(stored, ORGANIZATION)
        await accept_invitation(connection, an_invitation().id, at=NOW)

    assert await later == [TO_PROJECT.id]


async def _opened(database: Database) -> Sequence[str]:
    return await open_ids(database)
