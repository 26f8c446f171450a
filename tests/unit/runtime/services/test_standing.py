"""What a caller may not see looks like what does not exist; what they change is locked first."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from runtime.domain.errors import (
    NotAllowedError,
    NotFoundError,
    ProjectArchivedError,
    WrongTimeError,
)
from runtime.domain.member import ProjectRole
from runtime.services.standing import (
    active,
    active_organization,
    administered,
    held,
    known_id,
    seen,
)
from runtime.store.projects import delete_project
from runtime.store.session import Database
from tests.tenants import BEGAN, Tenant, a_person, a_project, a_tenancy, a_tenant
from tests.unit.runtime.store.rows import waiting_for_a_lock


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make an organization."""
    return await a_tenant(a_tenancy(database))


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
    database = tenant.tenancy.database

    async with database.transaction(tenant.id) as connection:
        for ask in (administered, held):
            with pytest.raises(NotAllowedError):
                await ask(connection, viewer.caller, project)
        locked = text("select count(*) from heads where xmax::text <> '0'")
        assert (await connection.execute(locked)).scalar_one() == 0
        assert (await administered(connection, admin.caller, project)).id == project
    assert await settings_of(tenant) == 1


async def test_holding_a_project_outdates_what_was_judged_before(tenant: Tenant) -> None:
    """The head is locked, its settings move, and the project is read after that."""
    project = await a_project(tenant)

    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        assert (await held(connection, tenant.owner.caller, project)).id == project

    assert await settings_of(tenant) == 2


async def test_a_project_that_is_purged_while_it_is_waited_for_is_not_found(
    tenant: Tenant,
) -> None:
    """Whoever waited for its lock is told as if it had never been."""
    project, database = await a_project(tenant), tenant.tenancy.database

    async def hold() -> None:
        async with database.transaction(tenant.id) as connection:
            await held(connection, tenant.owner.caller, project)

    async with database.transaction(tenant.id) as connection:
        await held(connection, tenant.owner.caller, project)
        waiting = asyncio.create_task(hold())
        await waiting_for_a_lock(database, tenant.id)
        await delete_project(connection, project)

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
