"""An organization keeps its members, and always an owner."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from sqlalchemy import text

from runtime.domain.caller import CredentialKind
from runtime.domain.errors import (
    CredentialRefusedError,
    DomainError,
    NotAllowedError,
    NotFoundError,
    WrongTimeError,
)
from runtime.domain.member import MemberKind, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.kit.canonical_json import parse
from runtime.services.identity.minting import Mint, Wish
from runtime.services.unit_of_work import Answer, Unit, once
from runtime.store.session import Database
from tests.tenants import (
    BEGAN,
    KEYS,
    Tenant,
    a_context,
    a_member,
    a_member_with,
    a_person,
    a_project,
    a_tenancy,
    a_tenant,
    an_identity,
    an_offer,
    an_older_invitation,
    keyed,
    kinds_of,
    rows_in,
)

OWNER, MEMBER = OrganizationRole.OWNER, OrganizationRole.MEMBER


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make an organization."""
    return await a_tenant(a_tenancy(database))


async def owners_of(tenant: Tenant) -> set[str]:
    """Return who owns the organization now."""
    found = await tenant.tenancy.members.after(tenant.owner, None, limit=99)
    return {member.id for member in found if member.organization_role is OWNER}


async def test_a_service_is_a_member_without_a_login(tenant: Tenant) -> None:
    """It has no address and no rights of its own."""
    answer = await tenant.tenancy.members.add_service(tenant.owner, display_name="deploy bot")

    member = await a_member(tenant.tenancy, tenant.id, answer.document["id"])
    assert (answer.status, member.kind, member.display_name) == (
        201,
        MemberKind.SERVICE,
        "deploy bot",
    )
    assert (member.organization_role, member.email, member.issuer) == (MEMBER, None, None)
    assert (await kinds_of(tenant))[-1] == "member.created"


async def test_a_list_of_members_goes_on_where_it_stopped(tenant: Tenant) -> None:
    """In the order of ids; who was removed is not listed, but can be read."""
    members = tenant.tenancy.members
    made = [
        (await members.add_service(tenant.owner, display_name=f"bot {number}")).document["id"]
        for number in range(4)
    ]
    await members.remove(tenant.owner, made[0])

    first = await members.after(tenant.owner, None, limit=2)
    rest = await members.after(tenant.owner, first[-1].id, limit=9)

    assert [item.id for item in (*first, *rest)] == sorted([tenant.owner_id, *made[1:]])
    assert (await members.read(tenant.owner, made[0])).removed_at == BEGAN


async def test_an_owner_makes_another_one_and_is_one_no_more(tenant: Tenant) -> None:
    """Rights that were remembered are forgotten at once."""
    person = (await a_person(tenant, "pat")).caller.member_id
    members = tenant.tenancy.members

    promoted = await members.change_role(tenant.owner, person, role=OWNER)
    demoted = await members.change_role(tenant.owner, tenant.owner_id, role=MEMBER)

    assert promoted.document["organization_role"] == "owner"
    assert demoted.document["organization_role"] == "member"
    assert await owners_of(tenant) == {person}
    assert tenant.tenancy.forgotten[-2:] == [person, tenant.owner_id]
    assert (await kinds_of(tenant))[-2:] == ["member.role_changed", "member.role_changed"]


async def test_the_same_role_again_changes_nothing(tenant: Tenant) -> None:
    """The last owner may be made an owner."""
    await tenant.tenancy.members.change_role(tenant.owner, tenant.owner_id, role=OWNER)

    assert "member.role_changed" not in await kinds_of(tenant)


async def test_the_last_owner_stays(tenant: Tenant) -> None:
    """Neither a lesser role nor removal is possible, however many other members there are."""
    await a_person(tenant, "pat")
    members = tenant.tenancy.members

    with pytest.raises(WrongTimeError, match="last owner"):
        await members.change_role(tenant.owner, tenant.owner_id, role=MEMBER)
    with pytest.raises(WrongTimeError, match="last owner"):
        await members.remove(tenant.owner, tenant.owner_id)

    assert await owners_of(tenant) == {tenant.owner_id}


async def test_a_service_owns_nothing(tenant: Tenant) -> None:
    """It can't be made an owner, and one that is does not count as the owner who stays."""
    members = tenant.tenancy.members
    robot = (await members.add_service(tenant.owner, display_name="bot")).document["id"]

    with pytest.raises(WrongTimeError, match="only a person can own"):
        await members.change_role(tenant.owner, robot, role=OWNER)
    assert await owners_of(tenant) == {tenant.owner_id}

    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        await connection.execute(text("update members set organization_role = 'owner'"))
    for left in (
        members.change_role(tenant.owner, tenant.owner_id, role=MEMBER),
        members.remove(tenant.owner, tenant.owner_id),
    ):
        with pytest.raises(WrongTimeError, match="last owner"):
            await left
    await members.change_role(tenant.owner, robot, role=MEMBER)


@pytest.mark.parametrize("others", [1, 3])
async def test_owners_who_leave_at_once_leave_one(tenant: Tenant, others: int) -> None:
    """Each would be allowed alone; whoever comes last is refused, and none waits for ever."""
    people = [await a_person(tenant, f"p{number}", role=OWNER) for number in range(others)]
    owners = [tenant.owner, *people]
    members = tenant.tenancy.members
    leaving = [
        members.remove(owner, owner.caller.member_id)
        if number % 2
        else members.change_role(owner, owner.caller.member_id, role=MEMBER)
        for number, owner in enumerate(owners)
    ]

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(_caught(work)) for work in leaving]

    refused = [item.result() for item in tries if isinstance(item.result(), WrongTimeError)]
    assert len(refused) == 1
    assert len(await owners_of(tenant)) == 1


async def test_two_owners_who_remove_each_other_leave_one(tenant: Tenant) -> None:
    """The first to commit wins."""
    other = await a_person(tenant, "pat", role=OWNER)
    members = tenant.tenancy.members

    async with asyncio.TaskGroup() as group:
        group.create_task(_caught(members.remove(tenant.owner, other.caller.member_id)))
        group.create_task(_caught(members.remove(other, tenant.owner_id)))

    assert len(await owners_of(tenant)) == 1


async def test_a_removed_member_keeps_no_rights(tenant: Tenant) -> None:
    """Roles are gone, tokens and sessions revoked; the record counts them."""
    project = await a_project(tenant)
    person = await a_person(tenant, "pat", project=project, project_role=ProjectRole.ADMIN)
    member_id = person.caller.member_id
    await _give_tokens(tenant, member_id)

    removed = await tenant.tenancy.members.remove(tenant.owner, member_id)

    assert removed.document["removed_at"] is not None
    assert await rows_in(tenant, "memberships") == 0
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        revoked = await connection.execute(
            text("select revoked_at from tokens where member_id = :member"), {"member": member_id}
        )
        assert [row.revoked_at for row in revoked] == [BEGAN, BEGAN]
        kept = await connection.scalars(text("select id from tokens where revoked_at is null"))
        assert len(list(kept)) == 1
        asked = text("select document from audit_records where kind = 'member.removed'")
        told = parse((await connection.execute(asked)).scalar_one())
    assert (told["projects"], told["tokens_revoked"]) == ([project], 2)
    assert tenant.tenancy.forgotten[-1] == member_id


async def test_a_removed_member_does_not_come_back_by_an_older_invitation(tenant: Tenant) -> None:
    """Only by a new one, and then as somebody new."""
    await a_person(tenant, "pat")
    email = "pat@people.example"
    pat = await a_member_with(tenant, email)
    invitations, identity = tenant.tenancy.invitations, an_identity(email, tenant.id)
    await an_older_invitation(tenant, email)

    await tenant.tenancy.members.remove(tenant.owner, pat.id)

    assert not await invitations.accept_by_email(identity)
    await invitations.create(tenant.owner, offer=an_offer(email=email))
    assert await invitations.accept_by_email(identity)


async def test_who_was_removed_can_not_be_changed(tenant: Tenant) -> None:
    """To changes they are nobody."""
    person = (await a_person(tenant, "pat")).caller.member_id
    members = tenant.tenancy.members
    await members.remove(tenant.owner, person)

    with pytest.raises(NotFoundError):
        await members.remove(tenant.owner, person)
    with pytest.raises(NotFoundError):
        await members.change_role(tenant.owner, person, role=OWNER)


async def test_a_repeated_removal_is_answered_as_the_first(tenant: Tenant) -> None:
    """One effect, one answer."""
    person = (await a_person(tenant, "pat")).caller.member_id
    asked = keyed(tenant.owner, route="POST /v1/members/{member_id}:remove")

    first = await tenant.tenancy.members.remove(asked, person)
    again = await tenant.tenancy.members.remove(asked, person)

    assert (again.replayed, again.document) == (True, first.document)


async def test_members_are_removed_from_an_archived_organization_too(tenant: Tenant) -> None:
    """Less access is always possible, more is not."""
    person = (await a_person(tenant, "pat")).caller.member_id
    await tenant.tenancy.organizations.archive(tenant.owner, tenant.id)

    with pytest.raises(WrongTimeError):
        await tenant.tenancy.members.change_role(tenant.owner, person, role=OWNER)
    await tenant.tenancy.members.remove(tenant.owner, person)

    assert len(await tenant.tenancy.members.after(tenant.owner, None, limit=9)) == 1


async def test_only_owners_change_members(tenant: Tenant) -> None:
    """A member reads the others, and changes nobody, not even themselves."""
    person = await a_person(tenant, "pat")
    members, own = tenant.tenancy.members, person.caller.member_id

    assert (await members.read(person, tenant.owner_id)).display_name == "Olive"
    for work in (
        members.add_service(person, display_name="bot"),
        members.change_role(person, own, role=OWNER),
        members.remove(person, tenant.owner_id),
    ):
        with pytest.raises(NotAllowedError):
            await work


async def test_a_credential_without_the_scope_does_nothing(tenant: Tenant) -> None:
    """Reading members is not managing them, and neither is implied."""
    owner = await a_member(tenant.tenancy, tenant.id, tenant.owner_id)
    none = a_context(owner, scopes=frozenset())
    reads = a_context(owner, scopes=frozenset({Scope.MEMBERS_READ}))
    members = tenant.tenancy.members

    for work in (
        members.after(none, None, limit=1),
        members.read(none, owner.id),
        members.add_service(reads, display_name="bot"),
        members.change_role(reads, owner.id, role=OWNER),
        members.remove(reads, owner.id),
    ):
        with pytest.raises(NotAllowedError):
            await work


async def test_members_of_another_organization_do_not_exist(tenant: Tenant) -> None:
    """Foreign, free and nonsensical ids are answered alike."""
    other = await a_tenant(tenant.tenancy, "Globex")
    members = tenant.tenancy.members

    for unseen in (other.owner_id, tenant.tenancy.ids.new("mem"), "\x00", "mem_1"):
        for work in (
            members.read(tenant.owner, unseen),
            members.change_role(tenant.owner, unseen, role=MEMBER),
            members.remove(tenant.owner, unseen),
        ):
            with pytest.raises(NotFoundError) as refused:
                await work
            assert (refused.value.kind, refused.value.id) == ("member", unseen)
    assert await owners_of(other) == {other.owner_id}


async def _give_tokens(tenant: Tenant, member_id: str) -> None:
    async def work(unit: Unit) -> Answer:
        for kind in (CredentialKind.API_TOKEN, CredentialKind.SESSION):
            wish = Wish(
                member_id=member_id,
                created_by=tenant.owner_id,
                name="n",
                scopes=frozenset({Scope.STATE_READ}),
                life=None,
                kind=kind,
            )
            await Mint(KEYS).strike(unit, wish, organization_id=tenant.id)
        return Answer(document={})

    await once(tenant.tenancy.database, tenant.tenancy.ids, tenant.owner, work=work)


async def _caught(work: Coroutine[Any, Any, Answer]) -> Answer | DomainError:
    try:
        return await work
    except (WrongTimeError, CredentialRefusedError) as error:
        return error
