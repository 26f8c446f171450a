"""A right that was taken away on one replica makes nothing last on another that remembers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pytest
import pytest_asyncio

from runtime.domain.errors import CredentialRefusedError, NotAllowedError, NotFoundError
from runtime.domain.member import ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.services.context import Context
from runtime.services.identity.authentication import Authentication
from runtime.services.identity.minting import Mint
from runtime.services.identity.token_uses import TokenUses
from runtime.services.identity.tokens import Tokens
from runtime.services.tenancy.memberships import Grant
from runtime.store.session import Database
from tests.api.identity.world import World, a_world
from tests.database import FreshDatabase
from tests.tenants import (
    KEYS,
    Tenant,
    a_person,
    a_project,
    a_tenancy,
    a_tenant,
    an_offer,
    rows_in,
)

OWNER, MEMBER = OrganizationRole.OWNER, OrganizationRole.MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Hold somebody as another replica remembers them, and what they may reach for."""

    tenant: Tenant
    stale: Context
    project: str
    archived: str
    robot: str
    invitation: str

    @property
    def member_id(self) -> str:
        """Return who they are."""
        return self.stale.caller.member_id


@pytest_asyncio.fixture
async def past(database: Database) -> Past:
    """Make an organization with a second owner, whose rights a test takes away."""
    tenant = await a_tenant(a_tenancy(database))
    tenancy, owner = tenant.tenancy, tenant.owner
    project, archived = await a_project(tenant), await a_project(tenant, "Old")
    await tenancy.projects.archive(owner, archived)
    robot = await tenancy.members.add_service(owner, display_name="robot")
    invited = await tenancy.invitations.create(owner, offer=an_offer(email="else@people.example"))
    return Past(
        tenant=tenant,
        stale=await a_person(tenant, "pat", role=OWNER),
        project=project,
        archived=archived,
        robot=robot.document["id"],
        invitation=invited.document["id"],
    )


def tokens_of(past: Past) -> Tokens:
    """Wire the use cases of tokens."""
    tenancy = past.tenant.tenancy
    database, clock = tenancy.database, tenancy.clock
    authentication = Authentication(database, clock, KEYS, uses=TokenUses(database, clock))
    return Tokens(
        database=database, ids=tenancy.ids, mint=Mint(KEYS), authentication=authentication
    )


Act = Callable[[Past], Awaitable[object]]
_SCOPES: Final = frozenset({Scope.STATE_READ})
ACTS: Final[dict[str, Act]] = {
    "adds a service": lambda past: past.tenant.tenancy.members.add_service(
        past.stale, display_name="back door"
    ),
    "owns again": lambda past: past.tenant.tenancy.members.change_role(
        past.stale, past.member_id, role=OWNER
    ),
    "demotes who did it": lambda past: past.tenant.tenancy.members.change_role(
        past.stale, past.tenant.owner_id, role=MEMBER
    ),
    "removes who did it": lambda past: past.tenant.tenancy.members.remove(
        past.stale, past.tenant.owner_id
    ),
    "invites an owner": lambda past: past.tenant.tenancy.invitations.create(
        past.stale, offer=an_offer(organization_role=OWNER)
    ),
    "invites an admin": lambda past: past.tenant.tenancy.invitations.create(
        past.stale, offer=an_offer(project_id=past.project, role=ProjectRole.ADMIN)
    ),
    "revokes an invitation": lambda past: past.tenant.tenancy.invitations.revoke(
        past.stale, past.invitation
    ),
    "grants a role": lambda past: past.tenant.tenancy.memberships.put(
        past.stale, past.project, member_id=past.robot, grant=Grant(role=ProjectRole.ADMIN)
    ),
    "withdraws a role": lambda past: past.tenant.tenancy.memberships.withdraw(
        past.stale, past.project, member_id=past.robot
    ),
    "makes a token for a service": lambda past: tokens_of(past).create(
        past.stale, name="n", scopes=_SCOPES, life=timedelta(days=1), member_id=past.robot
    ),
    "makes a project": lambda past: past.tenant.tenancy.projects.create(
        past.stale, name="New", environment="box", limits=None
    ),
    "changes a project": lambda past: past.tenant.tenancy.projects.change(
        past.stale, past.project, name="Mine", limits=None
    ),
    "archives a project": lambda past: past.tenant.tenancy.projects.archive(
        past.stale, past.project
    ),
    "restores a project": lambda past: past.tenant.tenancy.projects.restore(
        past.stale, past.archived
    ),
    "purges a project": lambda past: past.tenant.tenancy.projects.purge(
        past.stale, past.archived, confirm="Old"
    ),
    "renames the organization": lambda past: past.tenant.tenancy.organizations.rename(
        past.stale, past.tenant.id, name="Mine"
    ),
    "archives the organization": lambda past: past.tenant.tenancy.organizations.archive(
        past.stale, past.tenant.id
    ),
    "restores the organization": lambda past: past.tenant.tenancy.organizations.restore(
        past.stale, past.tenant.id
    ),
    "exports everything": lambda past: past.tenant.tenancy.exports.begin(
        past.stale, past.tenant.id
    ),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_who_was_demoted_is_no_owner_anywhere(past: Past, act: Act) -> None:
    """Although the replica that they ask would let them; nothing is left of the attempt."""
    await past.tenant.tenancy.members.change_role(past.tenant.owner, past.member_id, role=MEMBER)
    records = await rows_in(past.tenant, "audit_records")

    with pytest.raises((NotAllowedError, NotFoundError)):
        await act(past)

    assert await rows_in(past.tenant, "audit_records") == records


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_who_was_removed_is_nobody_anywhere(past: Past, act: Act) -> None:
    """As if their credential opened nothing, which it soon won't."""
    await past.tenant.tenancy.members.remove(past.tenant.owner, past.member_id)
    records = await rows_in(past.tenant, "audit_records")

    with pytest.raises(CredentialRefusedError):
        await act(past)

    assert await rows_in(past.tenant, "audit_records") == records


async def test_who_was_demoted_sees_and_ends_no_token_of_others(past: Past) -> None:
    """Neither replaces nor revokes it; an owner can."""
    tokens = tokens_of(past)
    made = await tokens.create(
        past.tenant.owner, name="n", scopes=_SCOPES, life=timedelta(days=1), member_id=past.robot
    )
    await past.tenant.tenancy.members.change_role(past.tenant.owner, past.member_id, role=MEMBER)

    with pytest.raises(NotFoundError):
        await tokens.revoke(past.stale, made.document["id"])
    with pytest.raises(NotFoundError):
        await tokens.rotate(past.stale, made.document["id"], overlap=timedelta(0))
    await tokens.revoke(past.tenant.owner, made.document["id"])


@pytest.mark.parametrize(
    ("method", "path", "document"),
    [
        ("POST", "/v1/tokens", {"name": "n", "scopes": ["tokens:read"]}),
        ("POST", "/v1/members", {"kind": "service", "display_name": "back door"}),
        ("POST", "/v1/tokens/{token}:rotate", {}),
        ("POST", "/v1/projects", {"name": "p", "environment": "counter"}),
    ],
)
async def test_a_revoked_token_makes_nothing_that_lasts(
    world: World, database: FreshDatabase, method: str, path: str, document: object
) -> None:
    """On the replica that believes it still; it may read there for its three seconds."""
    founded = await world.found()
    scopes = ["tokens:manage", "tokens:read", "members:manage", "projects:manage"]
    stolen = await world.token(founded.token, scopes=scopes)
    async with a_world(database, clock=world.clock) as elsewhere:
        assert (await elsewhere.call("GET", "/v1/me", token=stolen["text"])).status == 200
        await world.call("POST", f"/v1/tokens/{stolen['id']}:revoke", token=founded.token)

        refused = await elsewhere.call(
            method, path.format(token=stolen["id"]), document, token=stolen["text"]
        )
        still_believed = await elsewhere.call("GET", "/v1/me", token=stolen["text"])

    assert (refused.status, refused.code) == (401, "token_refused"), refused.body
    assert still_believed.status == 200
