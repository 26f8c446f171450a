"""What a caller may not see looks like what does not exist; what they change is locked first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text

from runtime.domain.caller import CredentialKind
from runtime.domain.errors import (
    CredentialRefusedError,
    NotAllowedError,
    NotFoundError,
    ProjectArchivedError,
    WrongTimeError,
)
from runtime.domain.member import ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.kit.clock import FixedClock
from runtime.services.context import Context, Ids
from runtime.services.standing import (
    active,
    active_organization,
    administered,
    held,
    known_id,
    one_of,
    require_steady_admin,
    seen,
    steady_caller,
    steady_owner,
)
from runtime.services.unit_of_work import Unit
from runtime.store.members import change_role, held_owners_and, remove_member
from runtime.store.projects import archive_project, begin_purge, delete_project
from runtime.store.session import Database
from tests.database import FreshDatabase, session
from tests.tenants import BEGAN, Tenant, a_person, a_project, a_tenancy, a_tenant
from tests.unit.runtime.services.founding import START, Founded, found
from tests.unit.runtime.store.rows import waiting_for_a_lock


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make an organization."""
    return await a_tenant(a_tenancy(database))


@asynccontextmanager
async def unit_of(context: Context, tenant: Tenant) -> AsyncIterator[Unit]:
    """Open a transaction as a use case sees it."""
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        yield Unit(connection, context, tenant.tenancy.ids)


async def settings_of(tenant: Tenant) -> int:
    """Return the number that executions compare at their commit."""
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        return int((await connection.execute(text("select settings from heads"))).scalar_one())


@pytest.mark.parametrize(
    "identifier",
    ["", "\x00", "mem_1", "prj_01KDVDNA000000000000000000", "mem_01kdvdna000000000000000000",
     "mem_01KDVDNA000000000000000000 ", "x" * 1_000_000],
)  # fmt: skip
def test_a_text_of_another_shape_is_no_id(identifier: str) -> None:
    """It is not found, and the database is not asked."""
    with pytest.raises(NotFoundError) as refused:
        known_id(identifier, kind="member", prefix="mem")
    assert len(str(refused.value)) < 200


def test_an_id_stays_as_it_is() -> None:
    """Whether something has it is another question."""
    identifier = "mem_01KDVDNA000000000000000000"
    assert known_id(identifier, kind="member", prefix="mem") == identifier


async def test_an_active_organization_is_one_that_is_there_and_not_archived(
    tenant: Tenant,
) -> None:
    """Else it is told why."""
    database, caller = tenant.tenancy.database, tenant.owner.caller
    async with database.transaction(tenant.id) as connection:
        assert (await active_organization(connection, caller)).id == tenant.id
    await tenant.tenancy.organizations.archive(tenant.owner, tenant.id)

    with pytest.raises(WrongTimeError, match="archived"):
        async with database.transaction(tenant.id) as connection:
            await active_organization(connection, caller)
    ghost = replace(caller, organization_id=tenant.tenancy.ids.new("org"))
    with pytest.raises(NotFoundError):
        async with database.transaction(ghost.organization_id) as connection:
            await active_organization(connection, ghost)


async def test_a_project_is_seen_with_the_roles_that_the_caller_has_there(tenant: Tenant) -> None:
    """An owner by being one, a member by their membership, others not at all."""
    project = await a_project(tenant)
    operator = await a_person(tenant, "op", project=project, project_role=ProjectRole.OPERATOR)
    nobody = await a_person(tenant, "nat")

    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        by_owner = await seen(connection, tenant.owner.caller, project)
        by_operator = await seen(connection, operator.caller, project)
        with pytest.raises(NotFoundError) as hidden:
            await seen(connection, nobody.caller, project)
        with pytest.raises(NotFoundError) as missing:
            await seen(connection, tenant.owner.caller, tenant.tenancy.ids.new("prj"))

    assert by_owner.principal.roles == ("owner",)
    assert (by_operator.project.id, by_operator.principal.roles) == (project, ("operator",))
    assert hidden.value.kind == missing.value.kind == "project"


async def test_only_who_administers_a_project_holds_it(tenant: Tenant) -> None:
    """Others are refused before they lock anything."""
    project = await a_project(tenant)
    viewer = await a_person(tenant, "vic", project=project)
    admin = await a_person(tenant, "ada", project=project, project_role=ProjectRole.ADMIN)

    async with unit_of(viewer, tenant) as unit:
        with pytest.raises(NotAllowedError):
            await administered(unit.connection, viewer.caller, project)
        with pytest.raises(NotAllowedError):
            await held(unit, viewer.caller, project)
        locked = text("select count(*) from heads where xmax::text <> '0'")
        assert (await unit.connection.execute(locked)).scalar_one() == 0
        assert (await administered(unit.connection, admin.caller, project)).id == project
    assert await settings_of(tenant) == 1


async def test_holding_a_project_outdates_what_was_judged_before(tenant: Tenant) -> None:
    """The head is locked, its settings move, and the project is read after that."""
    project = await a_project(tenant)

    async with unit_of(tenant.owner, tenant) as unit:
        assert (await held(unit, tenant.owner.caller, project)).id == project

    assert await settings_of(tenant) == 2


async def test_a_project_that_is_purged_while_it_is_waited_for_is_not_found(
    tenant: Tenant,
) -> None:
    """Whoever waited for its lock is told as if it had never been."""
    project, database = await a_project(tenant), tenant.tenancy.database

    async def hold() -> None:
        async with unit_of(tenant.owner, tenant) as unit:
            await held(unit, tenant.owner.caller, project)

    async with unit_of(tenant.owner, tenant) as unit:
        await held(unit, tenant.owner.caller, project)
        waiting = asyncio.create_task(hold())
        await waiting_for_a_lock(database, tenant.id)
        await archive_project(unit.connection, project, at=BEGAN)
        await begin_purge(unit.connection, project, at=BEGAN)
        await delete_project(unit.connection, project)

    with pytest.raises(NotFoundError):
        await waiting


async def test_an_archived_project_may_not_change(tenant: Tenant) -> None:
    """An active one is returned as it is."""
    project = await a_project(tenant)
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        found = (await seen(connection, tenant.owner.caller, project)).project

    assert active(found) is found
    with pytest.raises(ProjectArchivedError):
        active(replace(found, archived_at=BEGAN))


async def test_a_caller_is_what_the_database_says_now(tenant: Tenant) -> None:
    """Whatever they were remembered to be: more than that, less, or nobody any more."""
    pat = await a_person(tenant, "pat")
    member_id = pat.caller.member_id
    thought = replace(pat.caller, organization_role=OrganizationRole.OWNER)

    async with unit_of(pat, tenant) as unit:
        assert await steady_caller(unit, thought) == pat.caller
        with pytest.raises(NotAllowedError):
            await steady_owner(unit, thought)
        await change_role(unit.connection, member_id, role=OrganizationRole.OWNER)
        assert await steady_owner(unit, pat.caller) == thought
        await remove_member(unit.connection, member_id, at=BEGAN)
        with pytest.raises(CredentialRefusedError):
            await steady_caller(unit, thought)


async def test_who_is_being_demoted_is_waited_for(tenant: Tenant) -> None:
    """And then is no owner."""
    pat = await a_person(tenant, "pat", role=OrganizationRole.OWNER)

    async def judged() -> None:
        async with unit_of(pat, tenant) as unit:
            await steady_owner(unit, pat.caller)

    async with unit_of(tenant.owner, tenant) as unit:
        await held_owners_and(unit.connection, ())
        later = asyncio.create_task(judged())
        await waiting_for_a_lock(tenant.tenancy.database, tenant.id)
        await change_role(unit.connection, pat.caller.member_id, role=OrganizationRole.MEMBER)

    with pytest.raises(NotAllowedError):
        await later


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("update tokens set revoked_at = now()", id="revoked"),
        pytest.param("update tokens set expires_at = '2026-03-01T12:00:00Z'", id="expired"),
        pytest.param("delete from tokens", id="not there"),
    ],
)
async def test_a_token_that_ended_is_refused(database: FreshDatabase, change: str) -> None:
    """Although it was believed a moment ago; one that has not is who it was."""
    founded = await found(database, FixedClock(START))
    by_token = founded.caller(credential_kind=CredentialKind.API_TOKEN)
    by_session = founded.caller(credential_kind=CredentialKind.SESSION)
    by_login = founded.caller(credential_kind=CredentialKind.OIDC)
    async with a_unit(database, founded) as unit:
        for caller in (by_token, by_session, by_login):
            assert await steady_caller(unit, caller) == caller
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute(change)

    async with a_unit(database, founded) as unit:
        for caller in (by_token, by_session):
            with pytest.raises(CredentialRefusedError):
                await steady_caller(unit, caller)
        assert await steady_caller(unit, by_login) == by_login


async def test_a_token_of_another_member_is_refused(database: FreshDatabase) -> None:
    """The credential and the member belong together."""
    founded = await found(database, FixedClock(START))
    async with a_unit(database, founded) as unit:
        await unit.connection.exec_driver_sql(
            "insert into members (organization_id, id, kind, display_name, organization_role,"
            " created_at) select organization_id, 'mem_2', 'service', 'bot', 'member', now()"
            " from members"
        )
        with pytest.raises(CredentialRefusedError):
            await steady_caller(unit, founded.caller(member_id="mem_2"))


async def test_an_admin_is_one_by_a_membership_that_stays(tenant: Tenant) -> None:
    """Nobody takes it away before the transaction ends."""
    project = await a_project(tenant)
    admin = await a_person(tenant, "ada", project=project, project_role=ProjectRole.ADMIN)
    viewer = await a_person(tenant, "vic", project=project)
    nobody = await a_person(tenant, "nat")
    withdrawing = tenant.tenancy.memberships.withdraw(
        tenant.owner, project, member_id=admin.caller.member_id
    )

    async with unit_of(admin, tenant) as unit:
        await require_steady_admin(unit, tenant.owner.caller, project)
        with pytest.raises(NotAllowedError):
            await require_steady_admin(unit, viewer.caller, project)
        with pytest.raises(NotFoundError):
            await require_steady_admin(unit, nobody.caller, project)
        await require_steady_admin(unit, admin.caller, project)
        later = asyncio.create_task(withdrawing)
        await waiting_for_a_lock(tenant.tenancy.database, tenant.id)
        await require_steady_admin(unit, admin.caller, project)
    await later


def test_one_of_none_is_not_found() -> None:
    """As if there were nobody."""
    with pytest.raises(NotFoundError):
        one_of((), "mem_1")


@asynccontextmanager
async def a_unit(database: FreshDatabase, founded: Founded) -> AsyncIterator[Unit]:
    """Open a transaction of the owner, who has a token."""
    async with database.transaction(founded.organization_id) as connection:
        yield Unit(connection, Context(caller=founded.caller()), Ids(FixedClock(START)))
