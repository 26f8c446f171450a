"""Who logs in with an invited address becomes a member, once, and nobody else does."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from runtime.domain.member import Member, MemberKind, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.kit.json_value import JsonObject
from runtime.services.tenancy.acceptance import Acceptance, Newcomer
from runtime.services.tenancy.memberships import Grant
from runtime.store.memberships import find_membership
from runtime.store.session import Database
from tests.tenants import (
    ISSUER,
    KEYS,
    Tenant,
    a_context,
    a_member_with,
    a_person,
    a_project,
    a_tenancy,
    a_tenant,
    an_identity,
    an_offer,
    an_older_invitation,
    kinds_of,
)

NEW = "new@people.example"
VIEWER, OPERATOR, ADMIN = ProjectRole.VIEWER, ProjectRole.OPERATOR, ProjectRole.ADMIN


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make an organization."""
    return await a_tenant(a_tenancy(database))


def an_acceptance(tenant: Tenant) -> Acceptance:
    """Wire the use case."""
    tenancy = tenant.tenancy
    return Acceptance(
        database=tenancy.database, ids=tenancy.ids, keys=KEYS, forget=tenancy.forgotten.append
    )


async def accept(tenant: Tenant, newcomer: Newcomer, organization_id: str) -> Member | None:
    """Let somebody accept what they are invited to, and return the member that they are."""
    accepted = await an_acceptance(tenant).accept(newcomer, organization_id)
    return None if accepted is None else accepted.member


def a_newcomer(email: str = NEW, *, subject: str = "s-1", issuer: str = ISSUER) -> Newcomer:
    """Build somebody whom an issuer vouches for."""
    return Newcomer(issuer=issuer, subject=subject, email=email)


async def invite(tenant: Tenant, **changes: object) -> str:
    """Invite somebody, and return the invitation's id."""
    made = await tenant.tenancy.invitations.create(tenant.owner, offer=an_offer(**changes))
    identifier: str = made.document["id"]
    return identifier


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"email": None}, id="no address"),
        pytest.param({"email_verified": False}, id="not verified"),
        pytest.param({"email": "no address"}, id="no address at all"),
        pytest.param({"email": "a\x00b@x"}, id="a NUL inside"),
    ],
)
def test_an_identity_without_a_proven_address_is_no_newcomer(changes: JsonObject) -> None:
    """Only the issuer can say that an address is somebody's."""
    assert Newcomer.of(an_identity(NEW, "org", **changes)) is None


def test_a_newcomers_address_is_spelled_as_invitations_spell_it() -> None:
    """Capitals make no other address."""
    found = Newcomer.of(an_identity("New@People.Example", "org", subject="s"))

    assert found == Newcomer(issuer=ISSUER, subject="s", email=NEW)


async def test_an_invited_person_becomes_a_member_with_what_was_offered(tenant: Tenant) -> None:
    """Bound to their login, recorded under their own name."""
    project = await a_project(tenant)
    invitation = await invite(tenant, project_id=project, role=OPERATOR)

    member = await accept(tenant, a_newcomer(), tenant.id)

    assert member is not None
    assert (member.kind, member.email, member.subject) == (MemberKind.PERSON, NEW, "s-1")
    assert member.organization_role is OrganizationRole.MEMBER
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        given = await find_membership(connection, project_id=project, member_id=member.id)
        asked = text("select principal_id from audit_records where kind = 'invitation.accepted'")
        assert list(await connection.scalars(asked)) == [member.id]
        used = text("select accepted_at is not null from invitations where id = :id")
        assert (await connection.execute(used, {"id": invitation})).scalar_one()
    assert given is not None
    assert (given.role, given.mode, given.extra_roles) == (OPERATOR, Mode.ASSISTED, ())
    assert tenant.tenancy.forgotten[-1] == member.id


async def test_all_open_invitations_are_accepted_at_once(tenant: Tenant) -> None:
    """One login, every project that they were invited to, and the greater role."""
    one, two = await a_project(tenant, "One"), await a_project(tenant, "Two")
    await invite(tenant, project_id=one, role=VIEWER)
    await invite(tenant, project_id=two, role=ADMIN)
    await invite(tenant, organization_role=OrganizationRole.OWNER)

    member = await accept(tenant, a_newcomer(), tenant.id)

    assert member is not None
    assert member.organization_role is OrganizationRole.OWNER
    assert (await kinds_of(tenant)).count("invitation.accepted") == 3
    found = await tenant.tenancy.projects.after(a_context(member), None, limit=9)
    assert {project.id for project in found} == {one, two}


async def test_who_was_not_invited_is_nobody(tenant: Tenant) -> None:
    """Nothing is written."""
    before = await kinds_of(tenant)

    assert await accept(tenant, a_newcomer(), tenant.id) is None

    assert await kinds_of(tenant) == before


async def test_an_invitation_is_to_one_organization(tenant: Tenant) -> None:
    """The issuer's settings say which one somebody logs in to."""
    other = await a_tenant(tenant.tenancy, "Globex")
    await invite(tenant)

    assert await accept(tenant, a_newcomer(), other.id) is None
    assert await accept(tenant, a_newcomer(), tenant.tenancy.ids.new("org")) is None


async def test_an_archived_organization_takes_nobody_in(tenant: Tenant) -> None:
    """The invitation stays open until it is restored."""
    await invite(tenant)
    await tenant.tenancy.organizations.archive(tenant.owner, tenant.id)

    assert await accept(tenant, a_newcomer(), tenant.id) is None
    await tenant.tenancy.organizations.restore(tenant.owner, tenant.id)
    assert await accept(tenant, a_newcomer(), tenant.id) is not None


async def test_an_invitation_to_an_archived_project_waits(tenant: Tenant) -> None:
    """Another one of the same person is accepted meanwhile."""
    project = await a_project(tenant)
    waiting = await invite(tenant, project_id=project, role=VIEWER)
    await invite(tenant)
    await tenant.tenancy.projects.archive(tenant.owner, project)

    member = await accept(tenant, a_newcomer(), tenant.id)

    assert member is not None
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        asked = text("select id from invitations where accepted_at is null")
        assert list(await connection.scalars(asked)) == [waiting]


async def test_the_first_owner_needs_no_invitation(tenant: Tenant) -> None:
    """Whoever made the organization named their address; a second person with it is nobody."""
    email = "owner@acme.example"

    owner = await accept(tenant, a_newcomer(email), tenant.id)
    again = await accept(tenant, a_newcomer(email), tenant.id)
    thief = await accept(tenant, a_newcomer(email, subject="s-2"), tenant.id)
    elsewhere = await accept(tenant, a_newcomer(email, issuer="https://other"), tenant.id)

    assert owner is not None
    assert (owner.id, owner.subject) == (tenant.owner_id, "s-1")
    assert again == owner
    assert thief is None
    assert elsewhere is None
    assert (await kinds_of(tenant)).count("member.linked") == 1


async def test_a_members_address_gives_nothing_to_another_login(tenant: Tenant) -> None:
    """Not even an invitation to it, which stays open: an address may have changed hands."""
    await a_person(tenant, "pat")
    pat = await a_member_with(tenant, "pat@people.example")
    await an_older_invitation(tenant, "pat@people.example")

    thief = a_newcomer("pat@people.example", subject="thief")

    assert await accept(tenant, thief, tenant.id) is None
    assert (await a_member_with(tenant, "pat@people.example")) == pat


async def test_a_member_with_a_new_address_is_the_same_member(tenant: Tenant) -> None:
    """The login says who they are, the address only what they may accept."""
    project = await a_project(tenant)
    await invite(tenant)
    member = await accept(tenant, a_newcomer(), tenant.id)
    await invite(tenant, email="other@people.example", project_id=project, role=VIEWER)

    again = await accept(tenant, a_newcomer("other@people.example"), tenant.id)

    assert again == member


@pytest.mark.parametrize(
    ("has", "offered", "gets"),
    [
        pytest.param(VIEWER, ADMIN, ADMIN, id="more"),
        pytest.param(ADMIN, VIEWER, ADMIN, id="less"),
        pytest.param(OPERATOR, OPERATOR, OPERATOR, id="the same"),
    ],
)
async def test_an_invitation_takes_nothing_away(
    tenant: Tenant, has: ProjectRole, offered: ProjectRole, gets: ProjectRole
) -> None:
    """The greater role stays, and so do extra roles and mode."""
    project = await a_project(tenant)
    await invite(tenant)
    member = await accept(tenant, a_newcomer(), tenant.id)
    assert member is not None
    grant = Grant(role=has, extra_roles=("finance",), mode=Mode.INTERACTIVE)
    await tenant.tenancy.memberships.put(tenant.owner, project, member_id=member.id, grant=grant)
    await invite(tenant, email="other@people.example", project_id=project, role=offered)

    await accept(tenant, a_newcomer("other@people.example"), tenant.id)

    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        found = await find_membership(connection, project_id=project, member_id=member.id)
    assert found is not None
    assert (found.role, found.extra_roles, found.mode) == (gets, ("finance",), Mode.INTERACTIVE)


async def test_logins_at_once_become_one_member(tenant: Tenant) -> None:
    """A browser with several tabs: one accepts, the others find the member."""
    await invite(tenant)

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(accept(tenant, a_newcomer(), tenant.id)) for _ in range(5)]

    members = [item.result() for item in tries]
    assert len({member and member.id for member in members}) == 1
    assert members[0] is not None
    kinds = await kinds_of(tenant)
    assert kinds.count("invitation.accepted") == 1


async def test_an_invitation_is_accepted_by_one_of_two_people_at_once(tenant: Tenant) -> None:
    """Two logins that both have the address: one becomes the member, the other is nobody."""
    await invite(tenant)

    async with asyncio.TaskGroup() as group:
        tries = [
            group.create_task(accept(tenant, a_newcomer(subject=f"s-{number}"), tenant.id))
            for number in range(4)
        ]

    members = [item.result() for item in tries if item.result() is not None]
    assert len(members) == 1
    assert (await kinds_of(tenant)).count("invitation.accepted") == 1


async def test_a_revocation_at_once_either_comes_first_or_too_late(tenant: Tenant) -> None:
    """Never both: a revoked invitation made nobody a member."""
    invitation = await invite(tenant)
    revoke = tenant.tenancy.invitations.revoke(tenant.owner, invitation)

    results = await _both(accept(tenant, a_newcomer(), tenant.id), revoke)

    accepted, revoked = results
    assert (accepted is None) is not isinstance(revoked, Exception)


async def _both(one: object, other: object) -> list[object]:
    async def caught(work: object) -> object:
        try:
            return await work  # type: ignore[misc]  # a coroutine of either kind
        except Exception as error:  # noqa: BLE001  # compared by the caller
            return error

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(caught(work)) for work in (one, other)]
    return [item.result() for item in tries]
