"""Organizations are made by the platform's credential only, and kept by their owners."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from sqlalchemy import text

from runtime.domain.errors import (
    KeyReusedError,
    NameTakenError,
    NotAllowedError,
    NotFoundError,
    WrongTimeError,
)
from runtime.domain.scope import Scope
from runtime.domain.token import keyed_hash, parse_token
from runtime.kit.canonical_json import parse
from runtime.services.context import Context
from runtime.services.expired_keys import KEPT
from runtime.services.tenancy.organizations import Founding
from runtime.services.unit_of_work import Answer
from runtime.store.session import Database
from tests.tenants import (
    KEYS,
    Tenancy,
    Tenant,
    a_person,
    a_project,
    a_tenancy,
    a_tenant,
    an_operator,
    keyed,
    kinds_of,
    rows_in,
)

FOUNDING = Founding(name="Acme", owner_name="Olive", owner_email="olive@acme.example")


@pytest.fixture
def tenancy(database: Database) -> Tenancy:
    """Wire the use cases."""
    return a_tenancy(database)


@pytest.fixture
async def tenant(tenancy: Tenancy) -> Tenant:
    """Make an organization."""
    return await a_tenant(tenancy)


async def test_a_new_organization_has_an_owner_with_a_token_of_all_scopes(tenancy: Tenancy) -> None:
    """The token's text is answered once, and only its keyed hash is stored."""
    asked = an_operator(tenancy.ids.new("org"))

    answer = await tenancy.organizations.create(asked, founding=FOUNDING)

    organization, owner, token = (
        answer.document[key] for key in ("organization", "owner", "token")
    )
    assert (answer.status, organization["name"], organization["archived_at"]) == (201, "Acme", None)
    assert (owner["organization_role"], owner["email"]) == ("owner", "olive@acme.example")
    assert token["scopes"] == sorted(Scope)
    said = parse_token(token["text"])
    assert (said.organization_id, said.token_id) == (organization["id"], token["id"])
    async with tenancy.database.transaction(organization["id"]) as connection:
        stored = (await connection.execute(text("select hash, member_id from tokens"))).one()
    assert stored.hash == keyed_hash(said.secret, key=KEYS.signing, token_id=token["id"])
    assert stored.member_id == owner["id"]


async def test_making_an_organization_is_recorded_under_the_operator(tenancy: Tenancy) -> None:
    """Two records: the organization, and the token that was made for its owner."""
    tenant = await a_tenant(tenancy)

    assert await kinds_of(tenant) == ["organization.created", "token.created"]
    async with tenancy.database.transaction(tenant.id) as connection:
        who = await connection.scalars(text("select distinct principal_id from audit_records"))
        assert list(who) == ["operator"]


async def test_only_the_platforms_credential_makes_organizations(tenant: Tenant) -> None:
    """An owner's token with every scope is not enough."""
    with pytest.raises(NotAllowedError, match="PLANGATE_OPERATOR_TOKEN"):
        await tenant.tenancy.organizations.create(tenant.owner, founding=FOUNDING)


async def test_a_repeated_request_makes_one_organization_and_hides_the_token(
    tenancy: Tenancy,
) -> None:
    """The answer is the same but for the secret, which is stored nowhere."""
    asked = keyed(an_operator(tenancy.ids.new("org")))

    first = await tenancy.organizations.create(asked, founding=FOUNDING)
    await _use(tenancy, first)
    again = await tenancy.organizations.create(asked, founding=FOUNDING)

    assert (first.replayed, again.replayed, again.status) == (False, True, 201)
    hidden = {**first.document, "token": {**first.document["token"], "text": None}}
    assert again.document == hidden
    async with tenancy.database.transaction(asked.caller.organization_id) as connection:
        kept = (await connection.execute(text("select answer from idempotency_keys"))).scalar_one()
    assert first.document["token"]["text"] not in kept


async def test_a_token_that_was_lost_with_the_answer_is_made_anew(tenancy: Tenancy) -> None:
    """As often as the request is repeated before one is used; the earlier ones open nothing."""
    asked = keyed(an_operator(tenancy.ids.new("org")))

    answers = [await tenancy.organizations.create(asked, founding=FOUNDING) for _ in range(3)]

    assert [item.replayed for item in answers] == [False, True, True]
    assert {item.status for item in answers} == {201}
    assert len({item.document["token"]["text"] for item in answers} - {None}) == 3
    assert len({item.document["owner"]["id"] for item in answers}) == 1
    first, second, third = [item.document["token"]["id"] for item in answers]
    async with tenancy.database.transaction(asked.caller.organization_id) as connection:
        ended = await connection.execute(text("select id, revoked_at is not null from tokens"))
        assert {row[0]: row[1] for row in ended} == {first: True, second: True, third: False}
        kinds = await connection.scalars(text("select kind from audit_records"))
        assert sorted(kinds).count("token.rotated") == 2
        kept = await connection.scalars(text("select answer from idempotency_keys"))
        assert parse(kept.one())["token"] == {**answers[2].document["token"], "text": None}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("update tokens set last_used_at = now()", id="it was used"),
        pytest.param("update tokens set revoked_at = now()", id="it was revoked"),
        pytest.param("update members set removed_at = now()", id="its owner was removed"),
        pytest.param("update members set organization_role = 'member'", id="they own nothing now"),
    ],
)
async def test_a_token_that_did_not_get_lost_is_not_made_anew(
    tenancy: Tenancy, change: str
) -> None:
    """The repetition is answered as before, without a text."""
    asked = keyed(an_operator(tenancy.ids.new("org")))
    first = await tenancy.organizations.create(asked, founding=FOUNDING)
    async with tenancy.database.transaction(asked.caller.organization_id) as connection:
        await connection.exec_driver_sql(change)

    again = await tenancy.organizations.create(asked, founding=FOUNDING)

    assert again.document["token"] == {**first.document["token"], "text": None}


async def test_a_token_is_not_made_anew_once_the_keys_life_is_over(tenancy: Tenancy) -> None:
    """Although the key may be known for a while longer."""
    asked = keyed(an_operator(tenancy.ids.new("org")))
    await tenancy.organizations.create(asked, founding=FOUNDING)
    tenancy.clock.advance(KEPT)

    again = await tenancy.organizations.create(asked, founding=FOUNDING)

    assert (again.replayed, again.document["token"]["text"]) == (True, None)


async def test_requests_at_once_with_one_key_make_one_organization(tenancy: Tenancy) -> None:
    """One acts, the others wait for it; of their tokens the last one opens."""
    asked = keyed(an_operator(tenancy.ids.new("org")))

    async with asyncio.TaskGroup() as group:
        tries = [
            group.create_task(tenancy.organizations.create(asked, founding=FOUNDING))
            for _ in range(4)
        ]

    answers = [item.result() for item in tries]
    assert sorted(item.replayed for item in answers) == [False, True, True, True]
    assert len({item.document["owner"]["id"] for item in answers}) == 1
    async with tenancy.database.transaction(asked.caller.organization_id) as connection:
        opens = await connection.scalars(text("select id from tokens where revoked_at is null"))
        assert opens.one() in {item.document["token"]["id"] for item in answers}


async def test_a_key_that_was_used_for_another_organization_is_refused(tenancy: Tenancy) -> None:
    """The body is part of what was asked."""
    asked = an_operator(tenancy.ids.new("org"))
    await tenancy.organizations.create(keyed(asked, body="one"), founding=FOUNDING)

    with pytest.raises(KeyReusedError):
        await tenancy.organizations.create(keyed(asked, body="two"), founding=FOUNDING)


async def test_an_organization_whose_key_is_forgotten_is_not_made_again(tenancy: Tenancy) -> None:
    """The id is taken: nothing is added to what stands under it."""
    asked = keyed(an_operator(tenancy.ids.new("org")))
    await tenancy.organizations.create(asked, founding=FOUNDING)
    async with tenancy.database.transaction(asked.caller.organization_id) as connection:
        await connection.execute(text("delete from idempotency_keys"))

    with pytest.raises(NameTakenError):
        await tenancy.organizations.create(asked, founding=FOUNDING)
    with pytest.raises(NameTakenError):
        await tenancy.organizations.create(Context(caller=asked.caller), founding=FOUNDING)


async def test_an_owner_renames_the_organization(tenant: Tenant) -> None:
    """The new name is there for the next reader, and the old one in the record."""
    organizations = tenant.tenancy.organizations

    answer = await organizations.rename(tenant.owner, tenant.id, name="Acme & Söhne 🏭")

    assert answer.document["name"] == "Acme & Söhne 🏭"
    assert (await organizations.read(tenant.owner, tenant.id)).name == "Acme & Söhne 🏭"
    assert (await kinds_of(tenant))[-1] == "organization.renamed"


async def test_nothing_changes_in_an_archived_organization(tenant: Tenant) -> None:
    """Names, projects and members stay as they are until it is restored."""
    tenancy, owner = tenant.tenancy, tenant.owner
    await tenancy.organizations.archive(owner, tenant.id)

    tries: list[Callable[[], Awaitable[Answer]]] = [
        lambda: tenancy.organizations.rename(owner, tenant.id, name="New"),
        lambda: tenancy.projects.create(owner, name="P", environment="box", limits=None),
        lambda: tenancy.members.add_service(owner, display_name="bot"),
    ]
    for attempt in tries:
        with pytest.raises(WrongTimeError, match="restore it first"):
            await attempt()

    restored = await tenancy.organizations.restore(owner, tenant.id)
    assert restored.document["archived_at"] is None
    await tenancy.projects.create(owner, name="P", environment="box", limits=None)


async def test_archiving_makes_what_was_judged_before_fail(tenant: Tenant) -> None:
    """Each project's settings move, so that no execution commits on what it read before."""
    await a_project(tenant, "One")
    await a_project(tenant, "Two")

    await tenant.tenancy.organizations.archive(tenant.owner, tenant.id)

    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        settings = list(await connection.scalars(text("select settings from heads")))
    assert settings == [2, 2]


async def test_archiving_twice_is_archiving_once(tenant: Tenant) -> None:
    """The second time nothing changes and nothing is recorded."""
    organizations = tenant.tenancy.organizations

    first = await organizations.archive(tenant.owner, tenant.id)
    again = await organizations.archive(tenant.owner, tenant.id)

    assert first.document == again.document
    assert (await kinds_of(tenant)).count("organization.archived") == 1
    await organizations.restore(tenant.owner, tenant.id)
    assert (await kinds_of(tenant))[-1] == "organization.restored"


@pytest.mark.parametrize("verb", ["rename", "archive", "restore"])
async def test_only_owners_change_the_organization(tenant: Tenant, verb: str) -> None:
    """A member with a token of every scope reads, and changes nothing."""
    member = await a_person(tenant, "mo")
    organizations = tenant.tenancy.organizations
    more = {"name": "Mine"} if verb == "rename" else {}

    with pytest.raises(NotAllowedError, match="owner"):
        await getattr(organizations, verb)(member, tenant.id, **more)

    assert (await organizations.read(member, tenant.id)).name == "Acme"


async def test_scopes_bound_an_owner_too(tenant: Tenant) -> None:
    """A token without the scope does not read, one that reads does not manage."""
    organizations = tenant.tenancy.organizations
    none = Context(caller=replace(tenant.owner.caller, scopes=frozenset()))
    reads = Context(caller=replace(none.caller, scopes=frozenset({Scope.ORGANIZATION_READ})))

    with pytest.raises(NotAllowedError):
        await organizations.read(none, tenant.id)
    with pytest.raises(NotAllowedError):
        await organizations.archive(reads, tenant.id)


async def test_another_organization_looks_like_none(tenant: Tenant) -> None:
    """Reading and changing answer the same for a foreign id, a free one and nonsense."""
    other = await a_tenant(tenant.tenancy, "Globex")
    organizations = tenant.tenancy.organizations

    for unseen in (other.id, tenant.tenancy.ids.new("org"), "\x00", ""):
        with pytest.raises(NotFoundError):
            await organizations.read(tenant.owner, unseen)
        with pytest.raises(NotFoundError):
            await organizations.rename(tenant.owner, unseen, name="Mine now")
    assert (await organizations.read(other.owner, other.id)).name == "Globex"


async def test_an_organization_that_is_gone_is_not_found(tenancy: Tenancy) -> None:
    """A credential for one that was never made reads and changes nothing."""
    ghost = Context(
        caller=replace(
            (await a_tenant(tenancy)).owner.caller, organization_id=tenancy.ids.new("org")
        )
    )
    identifier = ghost.caller.organization_id

    with pytest.raises(NotFoundError):
        await tenancy.organizations.read(ghost, identifier)
    with pytest.raises(NotFoundError):
        await tenancy.organizations.archive(ghost, identifier)
    with pytest.raises(NotFoundError):
        await tenancy.members.add_service(ghost, display_name="bot")


async def test_organizations_see_their_own_rows_only(tenant: Tenant) -> None:
    """Two organizations in one table, one row each."""
    other = await a_tenant(tenant.tenancy, "Globex")

    assert await rows_in(tenant, "organizations") == await rows_in(other, "organizations") == 1


async def _use(tenancy: Tenancy, made: Answer) -> None:
    """Let the first token have been used."""
    async with tenancy.database.transaction(made.document["organization"]["id"]) as connection:
        await connection.execute(text("update tokens set last_used_at = now()"))
