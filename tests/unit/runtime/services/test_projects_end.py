"""Archived projects stay readable; purged ones are gone, with their history, twice confirmed."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from runtime.domain.errors import (
    NotAllowedError,
    NotConfirmedError,
    NotFoundError,
    ProjectArchivedError,
    WrongTimeError,
)
from runtime.domain.member import ProjectRole
from runtime.domain.state import State
from runtime.kit.canonical_json import parse
from runtime.store import heads
from runtime.store.session import Database
from tests.tenants import (
    BEGAN,
    Tenant,
    a_person,
    a_project,
    a_tenancy,
    a_tenant,
    keyed,
    kinds_of,
    rows_in,
)
from tests.unit.runtime.store.rows import waiting_for_a_lock

INITIAL = State.of({"box": {"value": 0}})
HISTORY = ("heads", "versions", "snapshots", "outcomes")


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make an organization."""
    return await a_tenant(a_tenancy(database))


async def test_an_archived_project_is_read_but_not_changed(tenant: Tenant) -> None:
    """Until it is restored; both move the settings, and twice is once."""
    project, projects = await a_project(tenant), tenant.tenancy.projects

    archived = await projects.archive(tenant.owner, project)
    again = await projects.archive(tenant.owner, project)

    assert archived.document == again.document
    assert (await projects.read(tenant.owner, project)).archived_at == BEGAN
    with pytest.raises(ProjectArchivedError):
        await projects.change(tenant.owner, project, name="New", limits=None)
    restored = await projects.restore(tenant.owner, project)
    assert restored.document["archived_at"] is None
    await projects.change(tenant.owner, project, name="New", limits=None)
    assert (await kinds_of(tenant))[-3:] == [
        "project.archived",
        "project.restored",
        "project.changed",
    ]


async def test_archiving_is_seen_by_the_executions_head(tenant: Tenant) -> None:
    """What an execution reads says so, and the number that it compares has moved."""
    project = await a_project(tenant)

    await tenant.tenancy.projects.archive(tenant.owner, project)

    head = await heads.read_head(
        tenant.tenancy.database, organization_id=tenant.id, project_id=project
    )
    assert (head.archived, head.settings) == (True, 2)


async def test_a_purge_deletes_the_history_and_keeps_the_records(tenant: Tenant) -> None:
    """What is left says how much there was and how it ended."""
    project, kept = await a_project(tenant, "Furnace"), await a_project(tenant, "Oven")
    await a_person(tenant, "ada", project=project, project_role=ProjectRole.ADMIN)
    projects = tenant.tenancy.projects
    await projects.archive(tenant.owner, project)
    records = await rows_in(tenant, "audit_records")

    purged = await projects.purge(tenant.owner, project, confirm="Furnace")

    assert purged.document == {
        "project": project,
        "versions": 1,
        "outcomes": 0,
        "digest": INITIAL.digest,
        "purged": True,
        "remaining": 0,
    }
    with pytest.raises(NotFoundError):
        await projects.read(tenant.owner, project)
    assert {table: await rows_in(tenant, table) for table in HISTORY} == {
        "heads": 1, "versions": 1, "snapshots": 1, "outcomes": 0,
    }  # fmt: skip
    assert await rows_in(tenant, "memberships") == await rows_in(tenant, "invitations") == 0
    assert await rows_in(tenant, "audit_records") == records + 2
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        asked = text("select document from audit_records where kind = 'project.purged'")
        told = parse((await connection.execute(asked)).scalar_one())
    size = {key: purged.document[key] for key in ("versions", "outcomes", "digest")}
    assert {**size, "name": "Furnace"}.items() <= told.items()
    assert (await projects.read(tenant.owner, kept)).name == "Oven"


@pytest.mark.parametrize("confirm", ["furnace", "Furnace ", "", "yes", "\x00"])
async def test_a_purge_needs_the_exact_name(tenant: Tenant, confirm: str) -> None:
    """Anything else deletes nothing."""
    project = await a_project(tenant, "Furnace")
    await tenant.tenancy.projects.archive(tenant.owner, project)

    with pytest.raises(NotConfirmedError):
        await tenant.tenancy.projects.purge(tenant.owner, project, confirm=confirm)

    assert await rows_in(tenant, "versions") == 1


async def test_only_an_archived_project_is_purged(tenant: Tenant) -> None:
    """The name alone is not enough."""
    project = await a_project(tenant, "Furnace")

    with pytest.raises(WrongTimeError, match="archive it first"):
        await tenant.tenancy.projects.purge(tenant.owner, project, confirm="Furnace")


async def test_an_admin_does_not_purge(tenant: Tenant) -> None:
    """They archive; what can't be undone is the owners'."""
    project = await a_project(tenant, "Furnace")
    admin = await a_person(tenant, "ada", project=project, project_role=ProjectRole.ADMIN)
    await tenant.tenancy.projects.archive(admin, project)

    with pytest.raises(NotAllowedError, match="owner"):
        await tenant.tenancy.projects.purge(admin, project, confirm="Furnace")


async def test_a_repeated_purge_is_answered_as_the_first(tenant: Tenant) -> None:
    """Although there is nothing left to purge."""
    project = await a_project(tenant, "Furnace")
    await tenant.tenancy.projects.archive(tenant.owner, project)
    asked = keyed(tenant.owner, route="POST /v1/projects/{project_id}:purge")

    first = await tenant.tenancy.projects.purge(asked, project, confirm="Furnace")
    again = await tenant.tenancy.projects.purge(asked, project, confirm="Furnace")

    assert (again.replayed, again.document) == (True, first.document)
    with pytest.raises(NotFoundError):
        await tenant.tenancy.projects.purge(tenant.owner, project, confirm="Furnace")


async def test_a_rename_waits_for_an_execution_instead_of_blocking_it(tenant: Tenant) -> None:
    """Both take the head before the project: in the other order each would wait for the other."""
    project, database = await a_project(tenant, "Furnace"), tenant.tenancy.database
    values = {"organization": tenant.id, "project": project}
    async with database.transaction(tenant.id) as execution:
        await execution.execute(
            text("update heads set version = version where project_id = :project"), values
        )
        rename = asyncio.create_task(
            tenant.tenancy.projects.change(tenant.owner, project, name="Oven", limits=None)
        )
        await waiting_for_a_lock(database, tenant.id)
        await execution.execute(
            text(
                "insert into versions (organization_id, project_id, version, digest, diff, cause,"
                " principal_id, created_at)"
                " values (:organization, :project, 1, 'd', '[]', 'executed', 'p', now())"
            ),
            values,
        )

    assert (await rename).document["name"] == "Oven"
