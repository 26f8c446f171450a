"""Projects begin with the first state of their environment, and end only twice confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from sqlalchemy import text

from runtime.domain.errors import (
    EnvironmentNotInstalledError,
    NameTakenError,
    NotAllowedError,
    NotFoundError,
)
from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.member import ProjectRole
from runtime.domain.scope import Scope
from runtime.domain.state import State
from runtime.kit.canonical_json import parse
from runtime.services.context import Context
from runtime.services.unit_of_work import Answer
from runtime.store import heads
from runtime.store.session import Database
from tests.tenants import (
    BOX,
    Tenant,
    a_context,
    a_member,
    a_person,
    a_project,
    a_tenancy,
    a_tenant,
    keyed,
    kinds_of,
    rows_in,
)

INITIAL = State.of({"box": {"value": 0}})
GENEROUS = Limits(per_hour=1_000, budgets={BudgetScope.PROJECT: 50})


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make an organization."""
    return await a_tenant(a_tenancy(database))


async def settings_of(tenant: Tenant, project: str) -> int:
    """Return the number that executions compare at their commit."""
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        asked = text("select settings from heads where project_id = :project")
        return int((await connection.execute(asked, {"project": project})).scalar_one())


async def test_a_project_begins_with_the_first_state_of_its_environment(tenant: Tenant) -> None:
    """Head, version 0 and snapshot 0 tell the same state, in the commit that makes the project."""
    answer = await tenant.tenancy.projects.create(
        tenant.owner, name="Furnace", environment="box", limits=None
    )

    head = await heads.read_head(
        tenant.tenancy.database, organization_id=tenant.id, project_id=answer.document["id"]
    )
    assert (answer.status, head.state, head.environment) == (201, INITIAL, "box")
    assert (head.limits, head.archived) == (BOX.limits, False)
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        version = (await connection.execute(text("select * from versions"))).one()
        snapshot = (await connection.execute(text("select * from snapshots"))).one()
    assert (version.version, version.cause, version.diff) == (0, "created", "[]")
    assert (version.digest, version.principal_id) == (INITIAL.digest, tenant.owner_id)
    assert (snapshot.version, parse(snapshot.state)) == (0, INITIAL.components)
    assert (await kinds_of(tenant))[-1] == "project.created"


async def test_limits_of_ones_own_take_the_place_of_the_environments(tenant: Tenant) -> None:
    """They are stored as they were sent."""
    answer = await tenant.tenancy.projects.create(
        tenant.owner, name="Furnace", environment="box", limits=GENEROUS
    )

    project = await tenant.tenancy.projects.read(tenant.owner, answer.document["id"])
    assert project.limits == GENEROUS
    assert Limits.model_validate(answer.document["limits"]) == GENEROUS


async def test_an_environment_that_is_not_installed_is_named_with_those_that_are(
    tenant: Tenant,
) -> None:
    """Nothing is made."""
    with pytest.raises(EnvironmentNotInstalledError, match=r"'bx'.*there are: box"):
        await tenant.tenancy.projects.create(
            tenant.owner, name="Furnace", environment="bx", limits=None
        )
    assert await rows_in(tenant, "projects") == 0


async def test_a_name_is_taken_in_its_organization_only(tenant: Tenant) -> None:
    """Another organization may have a project of that name; an archived one keeps its own."""
    other = await a_tenant(tenant.tenancy, "Globex")
    taken = await a_project(tenant, "Furnace")
    await tenant.tenancy.projects.archive(tenant.owner, taken)

    with pytest.raises(NameTakenError, match="'Furnace'"):
        await a_project(tenant, "Furnace")
    assert await a_project(other, "Furnace") != taken
    assert await rows_in(tenant, "projects") == await rows_in(tenant, "heads") == 1


async def test_of_two_projects_at_once_one_gets_the_name(tenant: Tenant) -> None:
    """The second waits for the first, and is then told."""
    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(_caught(a_project(tenant, "Furnace"))) for _ in range(4)]

    assert sorted(type(item.result()).__name__ for item in tries) == [
        *["NameTakenError"] * 3,
        "str",
    ]


async def test_a_repeated_request_makes_one_project(tenant: Tenant) -> None:
    """At once or later: one effect, one answer."""
    asked = keyed(tenant.owner, route="POST /v1/projects")

    async def create() -> Answer:
        return await tenant.tenancy.projects.create(
            asked, name="Furnace", environment="box", limits=None
        )

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(create()) for _ in range(4)]
    later = await create()

    answers = [*(item.result() for item in tries), later]
    assert sorted(answer.replayed for answer in answers) == [False, True, True, True, True]
    assert len({answer.document["id"] for answer in answers}) == 1
    assert {answer.status for answer in answers} == {201}
    assert await rows_in(tenant, "projects") == 1


async def test_only_owners_make_projects(tenant: Tenant) -> None:
    """An admin of a project is no owner of the organization."""
    project = await a_project(tenant)
    admin = await a_person(tenant, "ada", project=project, project_role=ProjectRole.ADMIN)

    with pytest.raises(NotAllowedError):
        await tenant.tenancy.projects.create(admin, name="X", environment="box", limits=None)


async def test_members_see_the_projects_that_they_are_in(tenant: Tenant) -> None:
    """Owners see all; to everybody else the others do not exist."""
    mine, theirs = await a_project(tenant, "Mine"), await a_project(tenant, "Theirs")
    viewer = await a_person(tenant, "vic", project=mine)
    await a_person(tenant, "somebody", project=theirs)
    projects = tenant.tenancy.projects

    assert {item.id for item in await projects.after(tenant.owner, None, limit=9)} == {mine, theirs}
    assert [item.id for item in await projects.after(viewer, None, limit=9)] == [mine]
    assert (await projects.read(viewer, mine)).name == "Mine"
    with pytest.raises(NotFoundError):
        await projects.read(viewer, theirs)


async def test_a_list_goes_on_where_it_stopped(tenant: Tenant) -> None:
    """Pages are in the order of ids, without gaps and repetitions."""
    made = sorted([await a_project(tenant, f"P{number}") for number in range(5)])
    projects = tenant.tenancy.projects

    first = await projects.after(tenant.owner, None, limit=2)
    rest = await projects.after(tenant.owner, first[-1].id, limit=9)

    assert [item.id for item in (*first, *rest)] == made


async def test_an_admin_changes_name_and_limits(tenant: Tenant) -> None:
    """What is left out stays; executions that were judged on the old settings will fail."""
    project = await a_project(tenant, "Furnace")
    admin = await a_person(tenant, "ada", project=project, project_role=ProjectRole.ADMIN)
    projects = tenant.tenancy.projects

    renamed = await projects.change(admin, project, name="Oven", limits=None)
    bounded = await projects.change(admin, project, name=None, limits=GENEROUS)

    assert (renamed.document["name"], renamed.document["limits"]["per_minute"]) == ("Oven", 30)
    assert (bounded.document["name"], bounded.document["limits"]["per_hour"]) == ("Oven", 1_000)
    assert (await projects.read(admin, project)).limits == GENEROUS
    assert await settings_of(tenant, project) == 3
    assert (await kinds_of(tenant))[-2:] == ["project.changed", "project.changed"]


async def test_a_rename_to_a_taken_name_changes_nothing(tenant: Tenant) -> None:
    """Neither the name nor the settings."""
    project = await a_project(tenant, "Furnace")
    await a_project(tenant, "Oven")

    with pytest.raises(NameTakenError, match="'Oven'"):
        await tenant.tenancy.projects.change(tenant.owner, project, name="Oven", limits=GENEROUS)

    assert (await tenant.tenancy.projects.read(tenant.owner, project)).limits == BOX.limits
    assert await settings_of(tenant, project) == 1


Ask = Callable[[Tenant, Context, str], Coroutine[Any, Any, Answer]]
CHANGES = [
    pytest.param(
        lambda t, c, p: t.tenancy.projects.change(c, p, name="New", limits=None), id="change"
    ),
    pytest.param(lambda t, c, p: t.tenancy.projects.archive(c, p), id="archive"),
    pytest.param(lambda t, c, p: t.tenancy.projects.restore(c, p), id="restore"),
    pytest.param(lambda t, c, p: t.tenancy.projects.purge(c, p, confirm="First"), id="purge"),
]


@pytest.mark.parametrize("ask", CHANGES)
@pytest.mark.parametrize("role", [ProjectRole.VIEWER, ProjectRole.OPERATOR])
async def test_lesser_roles_change_nothing(tenant: Tenant, ask: Ask, role: ProjectRole) -> None:
    """They are told what is missing, and the project stays as it is."""
    project = await a_project(tenant)
    person = await a_person(tenant, "pat", project=project, project_role=role)

    with pytest.raises(NotAllowedError, match="admin"):
        await ask(tenant, person, project)

    assert await settings_of(tenant, project) == 1


@pytest.mark.parametrize("ask", CHANGES)
async def test_to_outsiders_a_project_does_not_exist(tenant: Tenant, ask: Ask) -> None:
    """Another organization's owner, a member without a role there, a free id and nonsense."""
    project = await a_project(tenant)
    stranger = (await a_tenant(tenant.tenancy, "Globex")).owner
    nobody = await a_person(tenant, "nat")
    free = tenant.tenancy.ids.new("prj")

    for context, asked in (
        (stranger, project),
        (nobody, project),
        (tenant.owner, free),
        (tenant.owner, "\x00"),
        (tenant.owner, f"{project}\n"),
    ):
        with pytest.raises(NotFoundError) as refused:
            await ask(tenant, context, asked)
        assert (refused.value.kind, refused.value.id) == ("project", asked)
    assert await settings_of(tenant, project) == 1


@pytest.mark.parametrize("ask", CHANGES)
async def test_a_credential_without_the_scope_changes_nothing(tenant: Tenant, ask: Ask) -> None:
    """Reading projects is not managing them, whoever's token it is."""
    project = await a_project(tenant)
    owner = await a_member(tenant.tenancy, tenant.id, tenant.owner_id)
    reads = a_context(owner, scopes=frozenset({Scope.PROJECTS_READ}))

    with pytest.raises(NotAllowedError, match="projects:manage"):
        await ask(tenant, reads, project)


async def _caught(work: Coroutine[Any, Any, str]) -> str | NameTakenError:
    try:
        return await work
    except NameTakenError as error:
        return error
