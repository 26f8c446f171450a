"""Admins say what members are in their project, and give nothing that is not theirs to give."""

from __future__ import annotations

import asyncio

import pytest

from runtime.domain.errors import (
    NotAllowedError,
    NotFoundError,
    ProjectArchivedError,
    RoleReservedError,
    WrongTimeError,
)
from runtime.domain.member import ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.domain.scope import Scope
from runtime.services.context import Context
from runtime.services.tenancy.memberships import RESERVED_ROLES, Grant
from runtime.services.unit_of_work import Answer
from runtime.store.session import Database
from tests.tenants import (
    Tenant,
    a_context,
    a_grant,
    a_member,
    a_person,
    a_project,
    a_tenancy,
    a_tenant,
    keyed,
    kinds_of,
    rows_in,
)

VIEWER, OPERATOR, ADMIN = ProjectRole.VIEWER, ProjectRole.OPERATOR, ProjectRole.ADMIN


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make an organization."""
    return await a_tenant(a_tenancy(database))


async def put(
    tenant: Tenant, asked: Context, project: str, *, member: Context, grant: Grant
) -> Answer:
    """Let one person give another a role."""
    return await tenant.tenancy.memberships.put(
        asked, project, member_id=member.caller.member_id, grant=grant
    )


async def test_an_admin_gives_and_changes_roles(tenant: Tenant) -> None:
    """What is given is the whole of it: what the second grant leaves out is gone."""
    project = await a_project(tenant)
    admin = await a_person(tenant, "ada", project=project, project_role=ADMIN)
    pat = await a_person(tenant, "pat")
    full = Grant(role=OPERATOR, extra_roles=("finance", "audit", "audit"), mode=Mode.INTERACTIVE)
    tenant.tenancy.forgotten.clear()

    given = await put(tenant, admin, project, member=pat, grant=full)
    changed = await put(tenant, admin, project, member=pat, grant=Grant(role=VIEWER))

    assert given.document["extra_roles"] == ["audit", "finance"]
    assert (given.document["role"], given.document["mode"]) == ("operator", "interactive")
    assert (changed.document["role"], changed.document["extra_roles"]) == ("viewer", [])
    assert changed.document["created_at"] == given.document["created_at"]
    assert tenant.tenancy.forgotten == [pat.caller.member_id] * 2
    assert (await kinds_of(tenant))[-2:] == ["membership.granted"] * 2


async def test_the_memberships_of_a_project_are_listed_in_pages(tenant: Tenant) -> None:
    """Whoever sees the project sees who is in it, in the order of the members' ids."""
    project, other = await a_project(tenant, "One"), await a_project(tenant, "Two")
    people = [await a_person(tenant, f"p{number}", project=project) for number in range(4)]
    await a_person(tenant, "elsewhere", project=other)
    memberships = tenant.tenancy.memberships

    first = await memberships.after(people[0], None, project_id=project, limit=3)
    rest = await memberships.after(people[0], first[-1].member_id, project_id=project, limit=9)

    assert [item.member_id for item in (*first, *rest)] == sorted(
        person.caller.member_id for person in people
    )


async def test_an_admin_may_make_another_admin(tenant: Tenant) -> None:
    """Their own role is not above their own role."""
    project = await a_project(tenant)
    admin = await a_person(tenant, "ada", project=project, project_role=ADMIN)
    pat = await a_person(tenant, "pat")

    given = await put(tenant, admin, project, member=pat, grant=Grant(role=ADMIN))

    assert given.document["role"] == "admin"


@pytest.mark.parametrize("role", [VIEWER, OPERATOR])
async def test_lesser_roles_give_and_take_nothing(tenant: Tenant, role: ProjectRole) -> None:
    """Not even from themselves."""
    project = await a_project(tenant)
    pat = await a_person(tenant, "pat", project=project, project_role=role)

    with pytest.raises(NotAllowedError, match="admin"):
        await put(tenant, pat, project, member=pat, grant=Grant(role=ADMIN))
    with pytest.raises(NotAllowedError, match="admin"):
        await tenant.tenancy.memberships.withdraw(pat, project, member_id=pat.caller.member_id)


async def test_only_owners_give_the_mode_autonomous(tenant: Tenant) -> None:
    """An admin can't take it for themselves; the owner gives it."""
    project = await a_project(tenant)
    admin = await a_person(tenant, "ada", project=project, project_role=ADMIN)
    grant = Grant(role=ADMIN, mode=Mode.AUTONOMOUS)

    with pytest.raises(NotAllowedError, match="autonomous"):
        await put(tenant, admin, project, member=admin, grant=grant)
    given = await put(tenant, tenant.owner, project, member=admin, grant=grant)

    assert given.document["mode"] == "autonomous"


async def test_only_owners_change_what_an_owner_is_in_a_project(tenant: Tenant) -> None:
    """Neither a role nor its withdrawal."""
    project = await a_project(tenant)
    admin = await a_person(tenant, "ada", project=project, project_role=ADMIN)
    boss = await a_person(tenant, "bo", role=OrganizationRole.OWNER)
    await a_grant(tenant, project, boss.caller.member_id, mode=Mode.AUTONOMOUS)

    with pytest.raises(NotAllowedError, match="owner"):
        await put(tenant, admin, project, member=boss, grant=Grant(role=VIEWER))
    with pytest.raises(NotAllowedError, match="owner"):
        await tenant.tenancy.memberships.withdraw(admin, project, member_id=boss.caller.member_id)

    await tenant.tenancy.memberships.withdraw(
        tenant.owner, project, member_id=boss.caller.member_id
    )


@pytest.mark.parametrize("role", sorted(RESERVED_ROLES))
async def test_a_role_of_the_platform_is_no_extra_role(tenant: Tenant, role: str) -> None:
    """An extra role 'owner' would make an admin the owner of all that they can reach."""
    project = await a_project(tenant)
    admin = await a_person(tenant, "ada", project=project, project_role=ADMIN)

    with pytest.raises(RoleReservedError, match=role):
        await put(
            tenant, admin, project, member=admin, grant=Grant(role=ADMIN, extra_roles=(role,))
        )


async def test_a_withdrawn_role_is_gone(tenant: Tenant) -> None:
    """The project is out of sight; the answer says what they were."""
    project = await a_project(tenant)
    pat = await a_person(tenant, "pat", project=project, project_role=OPERATOR)
    memberships = tenant.tenancy.memberships
    tenant.tenancy.forgotten.clear()

    gone = await memberships.withdraw(tenant.owner, project, member_id=pat.caller.member_id)

    assert gone.document["role"] == "operator"
    with pytest.raises(NotFoundError):
        await tenant.tenancy.projects.read(pat, project)
    with pytest.raises(NotFoundError):
        await memberships.withdraw(tenant.owner, project, member_id=pat.caller.member_id)
    assert tenant.tenancy.forgotten == [pat.caller.member_id]
    assert (await kinds_of(tenant))[-1] == "membership.withdrawn"


async def test_in_an_archived_project_roles_are_taken_but_not_given(tenant: Tenant) -> None:
    """Less access is always possible."""
    project = await a_project(tenant)
    pat = await a_person(tenant, "pat", project=project)
    await tenant.tenancy.projects.archive(tenant.owner, project)

    with pytest.raises(ProjectArchivedError):
        await put(tenant, tenant.owner, project, member=pat, grant=Grant(role=ADMIN))
    await tenant.tenancy.memberships.withdraw(tenant.owner, project, member_id=pat.caller.member_id)


async def test_in_an_archived_organization_no_role_is_given(tenant: Tenant) -> None:
    """Until it is restored."""
    project, pat = await a_project(tenant), await a_person(tenant, "pat")
    await tenant.tenancy.organizations.archive(tenant.owner, tenant.id)

    with pytest.raises(WrongTimeError):
        await put(tenant, tenant.owner, project, member=pat, grant=Grant(role=ADMIN))


async def test_who_is_no_member_gets_no_role(tenant: Tenant) -> None:
    """Somebody of another organization, somebody removed, a free id and nonsense look alike."""
    project, other = await a_project(tenant), await a_tenant(tenant.tenancy, "Globex")
    gone = (await a_person(tenant, "gone")).caller.member_id
    await tenant.tenancy.members.remove(tenant.owner, gone)
    memberships = tenant.tenancy.memberships

    for unseen in (other.owner_id, gone, tenant.tenancy.ids.new("mem"), "\x00"):
        with pytest.raises(NotFoundError) as refused:
            await memberships.put(tenant.owner, project, member_id=unseen, grant=Grant(role=VIEWER))
        assert (refused.value.kind, refused.value.id) == ("member", unseen)
        with pytest.raises(NotFoundError):
            await memberships.withdraw(tenant.owner, project, member_id=unseen)
    assert await rows_in(tenant, "memberships") == 0


async def test_to_outsiders_the_project_does_not_exist(tenant: Tenant) -> None:
    """Another organization's owner, and a member without a role there."""
    project = await a_project(tenant)
    stranger = (await a_tenant(tenant.tenancy, "Globex")).owner
    nobody = await a_person(tenant, "nat")
    memberships = tenant.tenancy.memberships

    for context in (stranger, nobody):
        own = context.caller.member_id
        for work in (
            memberships.after(context, None, project_id=project, limit=9),
            memberships.put(context, project, member_id=own, grant=Grant(role=ADMIN)),
            memberships.withdraw(context, project, member_id=own),
        ):
            with pytest.raises(NotFoundError) as refused:
                await work
            assert (refused.value.kind, refused.value.id) == ("project", project)


async def test_a_credential_without_the_scope_does_nothing(tenant: Tenant) -> None:
    """Reading members is not managing them, and neither is implied."""
    project = await a_project(tenant)
    owner = await a_member(tenant.tenancy, tenant.id, tenant.owner_id)
    none = a_context(owner, scopes=frozenset({Scope.PROJECTS_MANAGE}))
    reads = a_context(owner, scopes=frozenset({Scope.MEMBERS_READ}))
    memberships = tenant.tenancy.memberships

    for work in (
        memberships.after(none, None, project_id=project, limit=9),
        memberships.put(reads, project, member_id=owner.id, grant=Grant(role=ADMIN)),
        memberships.withdraw(reads, project, member_id=owner.id),
    ):
        with pytest.raises(NotAllowedError):
            await work


async def test_a_repeated_grant_is_answered_as_the_first(tenant: Tenant) -> None:
    """At once or later: one record."""
    project, pat = await a_project(tenant), await a_person(tenant, "pat")
    asked = keyed(tenant.owner, route="PUT /v1/projects/{project_id}/members/{member_id}")
    grant = Grant(role=VIEWER)

    async with asyncio.TaskGroup() as group:
        tries = [
            group.create_task(put(tenant, asked, project, member=pat, grant=grant))
            for _ in range(3)
        ]

    assert sorted(item.result().replayed for item in tries) == [False, True, True]
    assert (await kinds_of(tenant)).count("membership.granted") == 1


async def test_grants_and_removal_at_once_leave_no_role_behind(tenant: Tenant) -> None:
    """Whichever commits first: who is no member has no membership."""
    project, pat = await a_project(tenant), await a_person(tenant, "pat")

    async def grant() -> None:
        try:
            await put(tenant, tenant.owner, project, member=pat, grant=Grant(role=ADMIN))
        except NotFoundError:
            return

    async with asyncio.TaskGroup() as group:
        group.create_task(grant())
        group.create_task(tenant.tenancy.members.remove(tenant.owner, pat.caller.member_id))
        group.create_task(grant())

    assert await rows_in(tenant, "memberships") == 0
