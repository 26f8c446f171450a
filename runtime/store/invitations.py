"""Keep the offers of membership, each with the hash of its text only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    LargeBinary,
    Select,
    Text,
    and_,
    insert,
    not_,
    select,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.member import Invitation, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.store.base import Id, Instant, Row, of_project
from runtime.store.memberships import MembershipRow


class InvitationRow(Row):
    """An offer of membership."""

    __tablename__ = "invitations"
    __table_args__ = (
        of_project(),
        CheckConstraint("organization_role in ('owner', 'member')", name="organization_role_check"),
        CheckConstraint("role in ('viewer', 'operator', 'admin')", name="role_check"),
        CheckConstraint("(project_id is null) = (role is null)", name="check"),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    organization_role: Mapped[str] = mapped_column(Text)
    project_id: Mapped[Id | None]
    role: Mapped[str | None] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[Instant]
    created_by: Mapped[Id]
    expires_at: Mapped[Instant]
    accepted_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedInvitation:
    """Pair an invitation with the hash that its text must have."""

    invitation: Invitation
    hash: bytes = field(repr=False)


async def add_invitation(
    connection: AsyncConnection, sealed: SealedInvitation, *, organization_id: str
) -> None:
    """Store a new invitation."""
    invitation = sealed.invitation
    await connection.execute(
        insert(InvitationRow).values(
            organization_id=organization_id,
            id=invitation.id,
            email=invitation.email,
            organization_role=invitation.organization_role.value,
            project_id=invitation.project_id,
            role=None if invitation.role is None else invitation.role.value,
            hash=sealed.hash,
            created_at=invitation.created_at,
            created_by=invitation.created_by,
            expires_at=invitation.expires_at,
        )
    )


async def find_invitation(connection: AsyncConnection, invitation_id: str) -> Invitation | None:
    """Return an invitation, whatever became of it."""
    asked = _invitations().where(InvitationRow.id == invitation_id).limit(1)
    row = (await connection.execute(asked)).first()
    return None if row is None else _invitation(row)


async def sealed_invitation(
    connection: AsyncConnection, invitation_id: str
) -> SealedInvitation | None:
    """Return an invitation, whatever became of it, with the hash that its text must have."""
    asked = (
        _invitations()
        .add_columns(InvitationRow.hash)
        .where(InvitationRow.id == invitation_id)
        .limit(1)
    )
    row = (await connection.execute(asked)).first()
    return None if row is None else SealedInvitation(invitation=_invitation(row), hash=row.hash)


async def held_invitation(connection: AsyncConnection, invitation_id: str) -> Invitation | None:
    """Return an invitation that this transaction is about to end (`for update`)."""
    asked = _invitations().where(InvitationRow.id == invitation_id).limit(1).with_for_update()
    row = (await connection.execute(asked)).first()
    return None if row is None else _invitation(row)


async def invitations_after(
    connection: AsyncConnection, after: str | None, *, limit: int, project_id: str | None
) -> tuple[Invitation, ...]:
    """Return invitations in the order of their ids: those to one project, or all for None."""
    asked = _invitations().order_by(InvitationRow.id).limit(limit)
    if after is not None:
        asked = asked.where(InvitationRow.id > after)
    if project_id is not None:
        asked = asked.where(InvitationRow.project_id == project_id)
    return tuple(map(_invitation, await connection.execute(asked)))


async def projects_invited_to(
    connection: AsyncConnection, *, email: str, now: datetime, limit: int
) -> Sequence[str]:
    """Return the projects that an address may accept a role in now."""
    project = InvitationRow.project_id
    asked = (
        select(project)
        .where(*_open_to(email, now=now), project.is_not(None))
        .distinct()
        .order_by(project)
        .limit(limit)
    )
    return [found for found in await connection.scalars(asked) if found is not None]


async def held_open_invitations(
    connection: AsyncConnection, *, email: str, now: datetime, limit: int
) -> tuple[SealedInvitation, ...]:
    """Return what an address may accept now, in the order of ids (`for update`).

    Another transaction that accepts or revokes one is waited for, and then it is not open any more.
    """
    asked = (
        _invitations()
        .add_columns(InvitationRow.hash)
        .where(*_open_to(email, now=now))
        .order_by(InvitationRow.id)
        .limit(limit)
        .with_for_update()
    )
    return tuple(
        SealedInvitation(invitation=_invitation(found), hash=found.hash)
        for found in await connection.execute(asked)
    )


async def accept_invitation(
    connection: AsyncConnection, invitation_id: str, *, at: datetime
) -> None:
    """Say that an invitation was accepted: it is good for nothing more."""
    await connection.execute(
        update(InvitationRow).where(InvitationRow.id == invitation_id).values(accepted_at=at)
    )


async def revoke_invitation(
    connection: AsyncConnection, invitation_id: str, *, at: datetime
) -> None:
    """Take an invitation back."""
    await connection.execute(
        update(InvitationRow).where(InvitationRow.id == invitation_id).values(revoked_at=at)
    )


async def revoke_invitations_to(connection: AsyncConnection, email: str, *, at: datetime) -> int:
    """Take back what an address could still accept, and return how many there were."""
    ended = await connection.execute(
        update(InvitationRow).where(*_open_to(email, now=at)).values(revoked_at=at)
    )
    return ended.rowcount


async def revoke_unbacked_invitations(
    connection: AsyncConnection, member_id: str, *, at: datetime
) -> Sequence[str]:
    """Take back what somebody offered who is no owner now, and could not offer any more.

    What is left stands: membership of the organization with a role in a project that they
    administer. Returns the ids of what was taken back, sorted.
    """
    administered = select(MembershipRow.project_id).where(
        MembershipRow.member_id == member_id, MembershipRow.role == ProjectRole.ADMIN.value
    )
    row = InvitationRow
    backed = and_(
        row.organization_role == OrganizationRole.MEMBER.value,
        row.project_id.is_not(None),
        row.project_id.in_(administered),
    )
    ended = await connection.scalars(
        update(row)
        .where(row.created_by == member_id, *_open(at), not_(backed))
        .values(revoked_at=at)
        .returning(row.id)
    )
    return sorted(ended)


def _open_to(email: str, *, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (InvitationRow.email == email, *_open(now))


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    row = InvitationRow
    return (
        row.accepted_at.is_(None),
        row.revoked_at.is_(None),
        row.expires_at > now,
    )


def _invitations() -> Select[*tuple[Any, ...]]:
    row = InvitationRow
    return select(
        row.id,
        row.email,
        row.organization_role,
        row.project_id,
        row.role,
        row.created_at,
        row.created_by,
        row.expires_at,
        row.accepted_at,
        row.revoked_at,
    )


def _invitation(row: Found[*tuple[Any, ...]]) -> Invitation:
    return Invitation(
        id=row.id,
        email=row.email,
        organization_role=OrganizationRole(row.organization_role),
        project_id=row.project_id,
        role=None if row.role is None else ProjectRole(row.role),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        accepted_at=row.accepted_at,
        revoked_at=row.revoked_at,
    )
