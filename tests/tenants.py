"""Build tenants on a real database by the use cases themselves: organizations, people, projects.

A `Tenancy` holds the use cases over one database; a `Tenant` is one organization with its owner.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import func, select, text

from runtime.domain.audit_catalogue import RECORD_KINDS
from runtime.domain.caller import OPERATOR_ID, Caller, CredentialKind
from runtime.domain.errors import IdentityRefusedError
from runtime.domain.identity import IdentityRefusal
from runtime.domain.limits import Limits
from runtime.domain.member import Member, MemberKind, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.domain.scope import Scope
from runtime.kit.clock import FixedClock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.identity_provider import LoginStart, PendingLogin, VerifiedIdentity
from runtime.services.context import Context, Ids, RequestKey
from runtime.services.environments import InstalledEnvironment
from runtime.services.identity.minting import Mint, TokenKeys
from runtime.services.tenancy.exports import Exports
from runtime.services.tenancy.invitations import Invitations, Offer
from runtime.services.tenancy.members import Members
from runtime.services.tenancy.memberships import Grant, Memberships
from runtime.services.tenancy.organizations import Founding, Organizations
from runtime.services.tenancy.projects import Projects
from runtime.store.base import Row
from runtime.store.session import Database
from tests.builders import a_registry

BEGAN: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
KEYS: Final = TokenKeys(keys=(b"k" * 32,))
ISSUER: Final = "https://login.example"
BOX: Final = InstalledEnvironment(
    id="box",
    title="Box",
    description="Holds a value.",
    plugin="box@1",
    compiled=a_registry(),
    limits=Limits(per_minute=30),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIdentities:
    """Vouch for those who bring a text that is listed: the double of identity providers."""

    by_bearer: dict[str, VerifiedIdentity | IdentityRefusal] = field(default_factory=dict)

    async def verify(self, bearer: str) -> VerifiedIdentity:
        """Return who brings this text, or refuse them."""
        found = self.by_bearer.get(bearer, IdentityRefusal.SIGNATURE)
        if isinstance(found, IdentityRefusal):
            raise IdentityRefusedError(reason=found, detail="as the test says")
        return found

    async def start_login(self, issuer: str, *, redirect_uri: str) -> LoginStart:
        """Begin no login."""
        raise NotImplementedError

    async def finish_login(
        self, pending: PendingLogin, *, state: str, code: str, issuer: str | None = None
    ) -> VerifiedIdentity:
        """Finish no login."""
        raise NotImplementedError

    async def close(self) -> None:
        """Hold nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenancy:
    """Hold the use cases of tenancy over one database, under a clock that stands still."""

    database: Database
    clock: FixedClock
    ids: Ids
    organizations: Organizations
    projects: Projects
    members: Members
    memberships: Memberships
    invitations: Invitations
    exports: Exports
    identities: KnownIdentities
    forgotten: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Hold one organization, its owner, and how the owner asks."""

    tenancy: Tenancy
    id: str
    owner: Context

    @property
    def owner_id(self) -> str:
        """Return the first owner."""
        return self.owner.caller.member_id


def a_tenancy(database: Database) -> Tenancy:
    """Wire the use cases."""
    identities = KnownIdentities()
    clock, forgotten = FixedClock(BEGAN), list[str]()
    ids = Ids(clock)
    forget = forgotten.append
    return Tenancy(
        database=database,
        clock=clock,
        ids=ids,
        organizations=Organizations(database=database, ids=ids, mint=Mint(KEYS)),
        projects=Projects(database=database, ids=ids, environments={"box": BOX}),
        members=Members(database=database, ids=ids, forget=forget),
        memberships=Memberships(database=database, ids=ids, forget=forget),
        invitations=Invitations(
            database=database, ids=ids, keys=KEYS, forget=forget, identities=identities
        ),
        identities=identities,
        exports=Exports(database=database, ids=ids),
        forgotten=forgotten,
    )


def an_operator(organization_id: str, *, key: RequestKey | None = None) -> Context:
    """Build how the platform's own credential asks for an organization to be made."""
    caller = Caller(
        member_id=OPERATOR_ID,
        organization_id=organization_id,
        organization_role=OrganizationRole.MEMBER,
        member_kind=MemberKind.SERVICE,
        scopes=frozenset({Scope.ORGANIZATION_MANAGE}),
        credential_id=OPERATOR_ID,
        credential_kind=CredentialKind.OPERATOR,
    )
    return Context(caller=caller, key=key)


def a_context(member: Member, *, scopes: frozenset[Scope] = frozenset(Scope)) -> Context:
    """Build how a member asks after a login, which leaves nothing in the database."""
    caller = Caller(
        member_id=member.id,
        organization_id=member.organization_id,
        organization_role=member.organization_role,
        member_kind=member.kind,
        scopes=scopes,
        credential_id=f"oidc:{member.id}",
        credential_kind=CredentialKind.OIDC,
    )
    return Context(caller=caller)


def keyed(
    context: Context, key: str = "k-1", *, route: str = "POST /v1/x", body: str = "b"
) -> Context:
    """Build the same request with an Idempotency-Key."""
    return replace(context, key=RequestKey(route=route, key=key, body_digest=body))


def an_identity(email: str, organization_id: str, /, **changes: JsonValue) -> VerifiedIdentity:
    """Build what an issuer vouches for; the subject is made of the address."""
    declared: JsonObject = {
        "issuer": ISSUER,
        "subject": f"subject of {email}",
        "email": email,
        "email_verified": True,
        "organization_id": organization_id,
        "expires_at": BEGAN + timedelta(hours=1),
    }
    return VerifiedIdentity(**{**declared, **changes})


async def a_tenant(tenancy: Tenancy, name: str = "Acme") -> Tenant:
    """Make an organization with the owner `owner@NAME.example`."""
    founding = Founding(name=name, owner_name="Olive", owner_email=f"owner@{name.lower()}.example")
    asked = an_operator(tenancy.ids.new("org"))
    made = (await tenancy.organizations.create(asked, founding=founding)).document
    owner = await a_member(tenancy, made["organization"]["id"], made["owner"]["id"])
    return Tenant(tenancy=tenancy, id=made["organization"]["id"], owner=a_context(owner))


async def a_member(tenancy: Tenancy, organization_id: str, member_id: str) -> Member:
    """Read a member off the database."""
    reader = an_operator(organization_id).caller
    asked = Context(caller=replace(reader, scopes=frozenset(Scope)))
    return await tenancy.members.read(asked, member_id)


async def a_person(
    tenant: Tenant,
    name: str,
    *,
    role: OrganizationRole = OrganizationRole.MEMBER,
    project: str | None = None,
    project_role: ProjectRole = ProjectRole.VIEWER,
) -> Context:
    """Invite a person who logs in at once, and return how they ask."""
    email = f"{name}@people.example"
    await tenant.tenancy.invitations.create(
        tenant.owner,
        offer=an_offer(
            email=email,
            organization_role=role,
            project_id=project,
            role=None if project is None else project_role,
        ),
    )
    assert await tenant.tenancy.invitations.accept_by_email(an_identity(email, tenant.id))
    return a_context(await a_member_with(tenant, email))


async def a_member_with(tenant: Tenant, email: str) -> Member:
    """Find the current member with an address."""
    found = await tenant.tenancy.members.after(tenant.owner, None, limit=200)
    return next(member for member in found if member.email == email)


def an_offer(**changes: JsonValue) -> Offer:
    """Build an offer to become a member, by default for a week."""
    declared: JsonObject = {
        "email": "new@people.example",
        "organization_role": OrganizationRole.MEMBER,
        "project_id": None,
        "role": None,
        "life": timedelta(days=7),
    }
    return Offer(**{**declared, **changes})


async def a_project(tenant: Tenant, name: str = "First") -> str:
    """Make a project of the environment `box`, and return its id."""
    made = await tenant.tenancy.projects.create(
        tenant.owner, name=name, environment="box", limits=None
    )
    project: str = made.document["id"]
    return project


async def a_grant(
    tenant: Tenant,
    project: str,
    member: str,
    *,
    role: ProjectRole = ProjectRole.VIEWER,
    mode: Mode = Mode.ASSISTED,
) -> None:
    """Let the owner give somebody a role in a project."""
    await tenant.tenancy.memberships.put(
        tenant.owner, project, member_id=member, grant=Grant(role=role, mode=mode)
    )


async def an_older_invitation(tenant: Tenant, email: str) -> None:
    """Leave an invitation to own the organization open, to somebody who is a member by now."""
    values = {"organization": tenant.id, "id": tenant.tenancy.ids.new("inv"), "email": email}
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        await connection.execute(
            text(
                "insert into invitations (organization_id, id, email, organization_role, hash,"
                " created_at, created_by, expires_at) values (:organization, :id, :email, 'owner',"
                " '\\x00', now(), 'mem', '2027-01-01')"
            ),
            values,
        )


async def kinds_of(tenant: Tenant) -> list[str]:
    """Return what was recorded and told of an organization, in order: each record with its event.

    What is recorded and told to nobody is left out: what was refused, tried or read.
    """
    async with tenant.tenancy.database.transaction(tenant.id, read_only=True) as connection:
        kinds = await connection.scalars(text("select kind from audit_records order by turn"))
        recorded = [kind for kind in kinds if RECORD_KINDS[kind].announced]
        announced = await connection.scalars(text("select type from events"))
    assert sorted(recorded) == sorted(announced)
    return recorded


async def rows_in(tenant: Tenant, table: str) -> int:
    """Return how many rows of a table an organization has."""
    counted = select(func.count()).select_from(Row.metadata.tables[table])
    async with tenant.tenancy.database.transaction(tenant.id, read_only=True) as connection:
        return int((await connection.execute(counted)).scalar_one())
