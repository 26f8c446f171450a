"""A purge begins with a mark that stays, goes on in steps, and ends once nothing is left."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from runtime.domain.errors import (
    KeyReusedError,
    NotAllowedError,
    NotConfirmedError,
    NotFoundError,
    ProjectArchivedError,
    WrongTimeError,
)
from runtime.domain.member import ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.services.identity.access import Access
from runtime.services.tenancy.projects import Projects
from runtime.services.tenancy.purges import Purging
from runtime.store.session import Database
from tests.tenants import (
    BOX,
    Tenant,
    a_grant,
    a_person,
    a_project,
    a_tenancy,
    a_tenant,
    keyed,
    kinds_of,
    rows_in,
)

ROUTE = "POST /v1/projects/{project_id}:purge"
VERSIONS, OUTCOMES = 25, 12


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make an organization."""
    return await a_tenant(a_tenancy(database))


@pytest.fixture
async def project(tenant: Tenant) -> str:
    """Make an archived project with a history, beside another one."""
    await _with_history(tenant, await a_project(tenant, "Oven"))
    project = await a_project(tenant, "Furnace")
    await _with_history(tenant, project)
    await tenant.tenancy.projects.archive(tenant.owner, project)
    return project


def hurried(tenant: Tenant, *, rows: int = 10) -> Projects:
    """Wire the use cases for a purge of one small step a request."""
    tenancy = tenant.tenancy
    return Projects(
        database=tenancy.database,
        ids=tenancy.ids,
        environments={"box": BOX},
        purging=Purging(rows=rows, within=timedelta(0)),
    )


async def test_a_long_history_is_purged_by_many_requests(tenant: Tenant, project: str) -> None:
    """Each says what is left and has deleted some; the last one that nothing is there any more."""
    projects, left = hurried(tenant), list[int]()

    while True:
        answer = await projects.purge(tenant.owner, project, confirm="Furnace")
        left.append(answer.document["remaining"])
        assert {key: answer.document[key] for key in ("versions", "outcomes")} == {
            "versions": VERSIONS,
            "outcomes": OUTCOMES,
        }
        if answer.document["purged"]:
            break

    assert left == [27, 25, 15, 5, 0]
    with pytest.raises(NotFoundError):
        await projects.purge(tenant.owner, project, confirm="Furnace")
    assert await rows_in(tenant, "versions") == VERSIONS  # the other project's
    assert await rows_in(tenant, "outcomes") == OUTCOMES
    kinds = await kinds_of(tenant)
    assert kinds[-2:] == ["project.purge_began", "project.purged"]
    assert kinds.count("project.purge_began") == 1


async def test_what_time_allows_is_done_by_one_request(tenant: Tenant, project: str) -> None:
    """However small the steps are."""
    tenancy = tenant.tenancy
    projects = Projects(
        database=tenancy.database,
        ids=tenancy.ids,
        environments={},
        purging=Purging(rows=1, within=timedelta(seconds=1)),
    )

    answer = await projects.purge(tenant.owner, project, confirm="Furnace")

    assert (answer.document["purged"], answer.document["remaining"]) == (True, 0)


async def test_a_begun_purge_has_no_way_back(tenant: Tenant, project: str) -> None:
    """The project is there, and says so; it is not restored, changed, or read by its history."""
    projects = hurried(tenant)
    await projects.purge(tenant.owner, project, confirm="Furnace")

    assert (await projects.read(tenant.owner, project)).purge_began_at is not None
    with pytest.raises(WrongTimeError, match="being purged"):
        await projects.restore(tenant.owner, project)
    with pytest.raises(ProjectArchivedError):
        await projects.change(tenant.owner, project, name="New", limits=None)
    assert (await projects.archive(tenant.owner, project)).document["archived_at"] is not None
    access = Access(tenant.tenancy.database, tenant.tenancy.clock)
    with pytest.raises(NotFoundError):
        await access.principal(tenant.owner.caller, project)
    with pytest.raises(NotConfirmedError):
        await projects.purge(tenant.owner, project, confirm="furnace")


async def test_a_key_keeps_the_last_answer_only(tenant: Tenant, project: str) -> None:
    """So that who repeats with it goes on, and is told of the end again and again."""
    projects, asked = hurried(tenant, rows=20), keyed(tenant.owner, route=ROUTE)

    answers = [await projects.purge(asked, project, confirm="Furnace") for _ in range(4)]

    assert [item.document["purged"] for item in answers] == [False, False, True, True]
    assert [item.replayed for item in answers] == [False, False, False, True]
    assert answers[3].document == answers[2].document
    with pytest.raises(KeyReusedError):
        await projects.purge(
            keyed(tenant.owner, route=ROUTE, body="other"), project, confirm="Furnace"
        )


async def test_purges_at_once_end_in_one(tenant: Tenant, project: str) -> None:
    """Others find the project gone; nobody waits for ever."""
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        tries = [group.create_task(_done(tenant, project)) for _ in range(4)]

    assert sorted(item.result() for item in tries) == [False, False, False, True]
    assert (await kinds_of(tenant)).count("project.purged") == 1


async def test_who_owns_nothing_any_more_goes_on_with_no_purge(
    tenant: Tenant, project: str
) -> None:
    """Although their replica thinks they do, and although they administer the project."""
    pat, projects = await a_person(tenant, "pat", role=OrganizationRole.OWNER), hurried(tenant)
    await projects.restore(tenant.owner, project)
    await a_grant(tenant, project, pat.caller.member_id, role=ProjectRole.ADMIN)
    await projects.archive(tenant.owner, project)
    await projects.purge(pat, project, confirm="Furnace")
    await tenant.tenancy.members.change_role(
        tenant.owner, pat.caller.member_id, role=OrganizationRole.MEMBER
    )
    left = await rows_in(tenant, "outcomes")

    with pytest.raises(NotAllowedError):
        await projects.purge(pat, project, confirm="Furnace")

    assert await rows_in(tenant, "outcomes") == left


async def _done(tenant: Tenant, project: str) -> bool:
    """Say whether this purge was the one that ended it."""
    try:
        answer = await tenant.tenancy.projects.purge(tenant.owner, project, confirm="Furnace")
    except NotFoundError:
        return False
    return bool(answer.document["purged"])


async def _with_history(tenant: Tenant, project: str) -> None:
    """Give a new project versions, each fifth with a snapshot, and outcomes."""
    values = {"organization": tenant.id, "project": project}
    sizes = {"last": VERSIONS - 1, "outcomes": OUTCOMES}
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        for statement in _HISTORY:
            used = {name for name in sizes if f":{name}" in statement.text}
            sized = {name: sizes[name] for name in used}
            await connection.execute(statement, {**values, **sized})


_HISTORY = (
    text(
        "insert into versions (organization_id, project_id, version, digest, diff, cause,"
        " principal_id, created_at)"
        " select :organization, :project, number, 'd', '[]', 'executed', 'p', now()"
        " from generate_series(1, :last) as number"
    ),
    text(
        "insert into snapshots (organization_id, project_id, version, digest, state, created_at)"
        " select :organization, :project, number, 'd', '{}', now()"
        " from generate_series(5, :last, 5) as number"
    ),
    text(
        "insert into outcomes (organization_id, project_id, number, id, principal_id,"
        " credential_id, status, plan_digest, before_version, after_version, cost, document, fence,"
        " created_at) select :organization, :project, number, 'out_' || number, 'm', 'c', 'done',"
        " 'd', 0, 1, 0, '{}', 1, now() from generate_series(1, :outcomes) as number"
    ),
    text(
        "update heads set version = :last, outcomes = :outcomes"
        " where organization_id = :organization and project_id = :project"
    ),
)
