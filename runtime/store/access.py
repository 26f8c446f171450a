"""Ask who a credential belongs to, and what they are in a project: one query each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.caller import CredentialKind
from runtime.domain.member import MemberKind, Membership, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.domain.principal import Mode
from runtime.domain.scope import Scope
from runtime.store.members import MemberRow
from runtime.store.session import Database, read_row, tenant
from runtime.store.tokens import TokenRow, known_scopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Say who somebody is in their organization."""

    member_id: str
    member_kind: MemberKind
    organization_role: OrganizationRole


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBearer:
    """Say whose a token is, and what it may do; whether its secret fits is yet to be seen."""

    bearer: Bearer
    kind: CredentialKind
    scopes: frozenset[Scope]
    hash: bytes = field(repr=False)
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    claims: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Say what somebody is in a project that exists; an owner needs no membership."""

    membership: Membership | None


async def token_bearer(connection: AsyncConnection, token_id: str) -> TokenBearer | None:
    """Return whose a token is, if they are a member still."""
    asked = (
        select(
            TokenRow.kind,
            TokenRow.hash,
            TokenRow.scopes,
            TokenRow.expires_at,
            TokenRow.revoked_at,
            TokenRow.last_used_at,
            TokenRow.claims,
            MemberRow.id.label("member_id"),
            MemberRow.kind.label("member_kind"),
            MemberRow.organization_role,
        )
        .join(
            MemberRow,
            and_(
                MemberRow.organization_id == TokenRow.organization_id,
                MemberRow.id == TokenRow.member_id,
            ),
        )
        .where(TokenRow.id == token_id, MemberRow.removed_at.is_(None))
        .limit(1)
    )
    row = (await connection.execute(asked)).first()
    if row is None:
        return None
    return TokenBearer(
        bearer=Bearer(
            member_id=row.member_id,
            member_kind=MemberKind(row.member_kind),
            organization_role=OrganizationRole(row.organization_role),
        ),
        kind=CredentialKind(row.kind),
        scopes=known_scopes(row.scopes),
        hash=row.hash,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        claims=row.claims,
    )


async def identity_bearer(
    connection: AsyncConnection, *, issuer: str, subject: str
) -> Bearer | None:
    """Return the person whom an issuer vouches for, if they are a member still."""
    asked = (
        select(MemberRow.id, MemberRow.kind, MemberRow.organization_role)
        .where(
            MemberRow.issuer == issuer,
            MemberRow.subject == subject,
            MemberRow.kind == MemberKind.PERSON.value,
            MemberRow.removed_at.is_(None),
        )
        .limit(1)
    )
    row = (await connection.execute(asked)).first()
    if row is None:
        return None
    return Bearer(
        member_id=row.id,
        member_kind=MemberKind(row.kind),
        organization_role=OrganizationRole(row.organization_role),
    )


async def standing_in(
    database: Database, *, organization_id: str, project_id: str, member_id: str
) -> Standing | None:
    """Return what a member is in a project; None where there is none whose history is whole.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    asked = (
        "select * from read_standing($1, $2, $3)",
        tenant(organization_id),
        project_id,
        member_id,
    )
    row = await read_row(database, *asked)
    if row is None:
        return None
    if row["role"] is None:
        return Standing(membership=None)
    membership = Membership(
        project_id=project_id,
        member_id=member_id,
        role=ProjectRole(row["role"]),
        extra_roles=tuple(row["extra_roles"]),
        mode=Mode(row["mode"]),
        created_at=row["created_at"],
    )
    return Standing(membership=membership)
