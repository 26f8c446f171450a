"""People are invited by owners, or to a project by its admins, and for a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from runtime.domain.errors import (
    NameTakenError,
    NotAllowedError,
    NotFoundError,
    ProjectArchivedError,
    WrongTimeError,
)
from runtime.domain.invitation_text import parse_invitation, spell_invitation
from runtime.domain.member import ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.domain.token import SECRET_BYTES, keyed_hash
from runtime.kit.canonical_json import parse
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
    keyed,
    kinds_of,
    rows_in,
)

VIEWER, ADMIN = ProjectRole.VIEWER, ProjectRole.ADMIN
NEW = "new@people.example"


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make an organization."""
    return await a_tenant(a_tenancy(database))


async def test_an_invitation_is_shown_once_and_stored_as_a_hash(tenant: Tenant) -> None:
    """Its text says whose it is; the record holds neither the text nor the address."""
    answer = await tenant.tenancy.invitations.create(tenant.owner, offer=an_offer())

    document = answer.document
    said = parse_invitation(document["text"])
    assert answer.kept == {**document, "text": None}
    assert (said.organization_id, said.invitation_id) == (tenant.id, document["id"])
    assert (answer.status, document["expires_at"]) == (201, "2026-01-12T12:00:00Z")
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        stored = (await connection.execute(text("select hash from invitations"))).scalar_one()
        asked = text("select document from audit_records where kind = 'invitation.created'")
        told = (await connection.execute(asked)).scalar_one()
    assert stored == keyed_hash(said.secret, key=KEYS.signing, token_id=document["id"])
    assert NEW not in told
    assert parse(told)["invitation"] == document["id"]


async def test_a_repeated_request_invites_once_and_hides_the_text(tenant: Tenant) -> None:
    """The answer is the same but for the secret."""
    asked = keyed(tenant.owner, route="POST /v1/invitations")
    invitations = tenant.tenancy.invitations

    first = await invitations.create(asked, offer=an_offer())
    again = await invitations.create(asked, offer=an_offer())

    assert (again.replayed, again.document) == (True, {**first.document, "text": None})
    assert await rows_in(tenant, "invitations") == 1


async def test_an_admin_invites_to_their_project_as_a_member(tenant: Tenant) -> None:
    """To no other project, to the organization alone not, and never as an owner."""
    own, other = await a_project(tenant, "Own"), await a_project(tenant, "Other")
    admin = await a_person(tenant, "ada", project=own, project_role=ADMIN)
    invitations = tenant.tenancy.invitations

    made = await invitations.create(admin, offer=an_offer(project_id=own, role=ADMIN))

    assert (made.document["project"], made.document["role"]) == (own, "admin")
    owner = OrganizationRole.OWNER
    with pytest.raises(NotAllowedError):
        await invitations.create(
            admin, offer=an_offer(organization_role=owner, project_id=own, role=ADMIN)
        )
    with pytest.raises(NotAllowedError):
        await invitations.create(admin, offer=an_offer())
    with pytest.raises(NotFoundError):
        await invitations.create(admin, offer=an_offer(project_id=other, role=VIEWER))


async def test_a_viewer_invites_nobody(tenant: Tenant) -> None:
    """Seeing a project is not administering it."""
    project = await a_project(tenant)
    viewer = await a_person(tenant, "vic", project=project)

    with pytest.raises(NotAllowedError, match="admin"):
        await tenant.tenancy.invitations.create(
            viewer, offer=an_offer(project_id=project, role=VIEWER)
        )


async def test_a_member_is_not_invited_again(tenant: Tenant) -> None:
    """They are given roles instead."""
    await a_person(tenant, "pat")

    with pytest.raises(NameTakenError, match=r"pat@people\.example"):
        await tenant.tenancy.invitations.create(
            tenant.owner, offer=an_offer(email="pat@people.example")
        )


async def test_nobody_is_invited_where_nothing_changes(tenant: Tenant) -> None:
    """Neither to an archived project nor to an archived organization."""
    project = await a_project(tenant)
    await tenant.tenancy.projects.archive(tenant.owner, project)
    invitations = tenant.tenancy.invitations

    with pytest.raises(ProjectArchivedError):
        await invitations.create(tenant.owner, offer=an_offer(project_id=project, role=VIEWER))
    await tenant.tenancy.organizations.archive(tenant.owner, tenant.id)
    with pytest.raises(WrongTimeError):
        await invitations.create(tenant.owner, offer=an_offer())


async def test_owners_see_all_invitations_and_admins_those_to_their_project(
    tenant: Tenant,
) -> None:
    """In pages, in the order of ids."""
    project = await a_project(tenant)
    invitations = tenant.tenancy.invitations
    made = [
        (await invitations.create(tenant.owner, offer=an_offer(email=f"n{number}@x"))).document
        for number in range(3)
    ]
    offer = an_offer(project_id=project, role=VIEWER)
    theirs = (await invitations.create(tenant.owner, offer=offer)).document["id"]
    everything = sorted([*(item["id"] for item in made), theirs])
    admin = await a_person(tenant, "ada", project=project, project_role=ADMIN)

    first = await invitations.after(tenant.owner, None, limit=2, project_id=None)
    rest = await invitations.after(tenant.owner, first[-1].id, limit=9, project_id=None)
    seen = await invitations.after(admin, None, limit=9, project_id=project)

    listed = [item.id for item in (*first, *rest)]
    assert [item for item in listed if item in everything] == everything
    assert theirs in {item.id for item in seen}
    assert {item.project_id for item in seen} == {project}
    with pytest.raises(NotAllowedError):
        await invitations.after(admin, None, limit=9, project_id=None)


async def test_a_revoked_invitation_is_good_for_nothing(tenant: Tenant) -> None:
    """Twice is once."""
    invitations = tenant.tenancy.invitations
    made = (await invitations.create(tenant.owner, offer=an_offer())).document["id"]

    first = await invitations.revoke(tenant.owner, made)
    again = await invitations.revoke(tenant.owner, made)

    assert first.document == again.document
    assert first.document["revoked_at"] == "2026-01-05T12:00:00Z"
    assert not await invitations.accept_by_email(an_identity(NEW, tenant.id))
    assert not await invitations.accept_by_email(an_identity(NEW, tenant.id, email=None))
    assert (await kinds_of(tenant)).count("invitation.revoked") == 1


async def test_an_accepted_invitation_is_not_revoked(tenant: Tenant) -> None:
    """What came of it is a member, who can be removed."""
    invitations = tenant.tenancy.invitations
    made = (await invitations.create(tenant.owner, offer=an_offer())).document["id"]
    await invitations.accept_by_email(an_identity(NEW, tenant.id))

    with pytest.raises(WrongTimeError, match="remove the member"):
        await invitations.revoke(tenant.owner, made)


async def test_admins_revoke_invitations_to_their_project_only(tenant: Tenant) -> None:
    """The others do not exist for them; nor does any for those who are no admins."""
    own, other = await a_project(tenant, "Own"), await a_project(tenant, "Other")
    admin = await a_person(tenant, "ada", project=own, project_role=ADMIN)
    viewer = await a_person(tenant, "vic", project=own)
    invitations = tenant.tenancy.invitations
    offers = [
        an_offer(),
        an_offer(project_id=other, role=VIEWER),
        an_offer(project_id=own, role=VIEWER),
    ]
    general, foreign, theirs = [
        (await invitations.create(tenant.owner, offer=offer)).document["id"] for offer in offers
    ]

    for asked, unseen in ((admin, general), (admin, foreign), (viewer, theirs)):
        with pytest.raises(NotFoundError) as refused:
            await invitations.revoke(asked, unseen)
        assert (refused.value.kind, refused.value.id) == ("invitation", unseen)
    assert (await invitations.revoke(admin, theirs)).document["revoked_at"] is not None


async def test_invitations_of_another_organization_do_not_exist(tenant: Tenant) -> None:
    """Nor do its projects to invite to; foreign, free and nonsensical ids are answered alike."""
    other = await a_tenant(tenant.tenancy, "Globex")
    invitations, ids = tenant.tenancy.invitations, tenant.tenancy.ids
    made = (await invitations.create(other.owner, offer=an_offer())).document["id"]
    project = await a_project(other)

    for unseen in (made, ids.new("inv"), "\x00"):
        with pytest.raises(NotFoundError):
            await invitations.revoke(tenant.owner, unseen)
    for unseen in (project, ids.new("prj"), "\x00"):
        with pytest.raises(NotFoundError):
            await invitations.create(tenant.owner, offer=an_offer(project_id=unseen, role=VIEWER))
        with pytest.raises(NotFoundError):
            await invitations.after(tenant.owner, None, limit=9, project_id=unseen)


async def test_a_credential_without_the_scope_does_nothing(tenant: Tenant) -> None:
    """Reading is not managing, and neither is implied."""
    owner = await a_member(tenant.tenancy, tenant.id, tenant.owner_id)
    none = a_context(owner, scopes=frozenset())
    reads = a_context(owner, scopes=frozenset({Scope.MEMBERS_READ}))
    invitations = tenant.tenancy.invitations

    for work in (
        invitations.after(none, None, limit=9, project_id=None),
        invitations.create(reads, offer=an_offer()),
        invitations.revoke(reads, tenant.tenancy.ids.new("inv")),
    ):
        with pytest.raises(NotAllowedError):
            await work


async def test_a_text_accepts_its_own_invitation_alone(tenant: Tenant) -> None:
    """Another open one to the same address stays open."""
    one, two = await a_project(tenant, "One"), await a_project(tenant, "Two")
    invitations = tenant.tenancy.invitations
    offers = [an_offer(project_id=project, role=VIEWER) for project in (one, two)]
    first, _ = [(await invitations.create(tenant.owner, offer=offer)).document for offer in offers]

    await invitations.accept_by_text(an_identity(NEW, tenant.id), text=first["text"])

    member = a_context(await a_member_with(tenant, NEW))
    projects = await tenant.tenancy.projects.after(member, None, limit=9)
    assert [project.id for project in projects] == [one]


async def test_a_text_is_worth_nothing_to_others(tenant: Tenant) -> None:
    """Nor is a wrong one, or one of another key; who used it is answered again as at first."""
    invitations = tenant.tenancy.invitations
    made = (await invitations.create(tenant.owner, offer=an_offer())).document["text"]
    other = await a_tenant(tenant.tenancy, "Globex")
    foreign = (await invitations.create(other.owner, offer=an_offer())).document["text"]
    guessed = spell_invitation(replace(parse_invitation(made), secret=bytes(SECRET_BYTES)))
    new = an_identity(NEW, tenant.id)

    for identity, brought in (
        (an_identity("else@people.example", tenant.id), made),
        (an_identity(NEW, tenant.id, email_verified=False), made),
        (an_identity(NEW, other.id), made),
        (new, foreign),
        (new, guessed),
        (new, "pgi_nonsense"),
    ):
        with pytest.raises(NotFoundError):
            await invitations.accept_by_text(identity, text=brought)
    member = await invitations.accept_by_text(new, text=made)
    assert await invitations.accept_by_text(new, text=made) == member
    with pytest.raises(NotFoundError):
        await invitations.accept_by_text(new, text=guessed)
    with pytest.raises(NotFoundError):
        await invitations.accept_by_text(an_identity(NEW, tenant.id, subject="thief"), text=made)


async def test_an_expired_invitation_is_listed_and_not_accepted(tenant: Tenant) -> None:
    """To the second of its expiry it is good."""
    invitations, clock = tenant.tenancy.invitations, tenant.tenancy.clock
    await invitations.create(tenant.owner, offer=an_offer(life=timedelta(seconds=60)))
    late = an_offer(email="late@people.example", life=timedelta(seconds=61))
    await invitations.create(tenant.owner, offer=late)

    clock.advance(timedelta(seconds=60))

    assert not await invitations.accept_by_email(an_identity(NEW, tenant.id))
    assert await invitations.accept_by_email(an_identity("late@people.example", tenant.id))
    assert (await a_member_with(tenant, "late@people.example")).created_at > BEGAN
    assert len(await invitations.after(tenant.owner, None, limit=9, project_id=None)) == 2
