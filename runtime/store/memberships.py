"""Keep what members may do in each project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Select,
    Text,
    delete,
    select,
    text,
)
from sqlalchemy import Row as Found
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.member import Membership, ProjectRole
from runtime.domain.principal import Mode
from runtime.store.base import Id, Instant, Row, of_project


class MembershipRow(Row):
    """What one member may do in one project."""

    __tablename__ = "memberships"
    __table_args__ = (
        of_project(),
        ForeignKeyConstraint(
            ["organization_id", "member_id"], ["members.organization_id", "members.id"]
        ),
        CheckConstraint("role in ('viewer', 'operator', 'admin')", name="role_check"),
        CheckConstraint("mode in ('interactive', 'assisted', 'autonomous')", name="mode_check"),
        Index("memberships_member", "organization_id", "member_id"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(Text)
    extra_roles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    mode: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]


async def put_membership(
    connection: AsyncConnection, membership: Membership, *, organization_id: str
) -> None:
    """Let a member be in a project what the membership says, whatever they were before."""
    change = {
        "role": membership.role.value,
        "extra_roles": list(membership.extra_roles),
        "mode": membership.mode.value,
    }
    await connection.execute(
        insert(MembershipRow)
        .values(
            organization_id=organization_id,
            project_id=membership.project_id,
            member_id=membership.member_id,
            created_at=membership.created_at,
            **change,
        )
        .on_conflict_do_update(
            index_elements=["organization_id", "project_id", "member_id"], set_=change
        )
    )


async def find_membership(
    connection: AsyncConnection, *, project_id: str, member_id: str
) -> Membership | None:
    """Return what a member may do in a project, or None if they have no role there."""
    asked = _of(project_id=project_id, member_id=member_id)
    row = (await connection.execute(asked)).first()
    return None if row is None else _membership(row)


async def steady_membership(
    connection: AsyncConnection, *, project_id: str, member_id: str
) -> Membership | None:
    """Return what a member may do in a project until the transaction ends (`for share`)."""
    asked = _of(project_id=project_id, member_id=member_id).with_for_update(read=True)
    row = (await connection.execute(asked)).first()
    return None if row is None else _membership(row)


async def memberships_after(
    connection: AsyncConnection, after: str | None, *, limit: int, project_id: str
) -> tuple[Membership, ...]:
    """Return the memberships of a project in the order of the members' ids."""
    asked = (
        _memberships()
        .where(MembershipRow.project_id == project_id)
        .order_by(MembershipRow.member_id)
        .limit(limit)
    )
    if after is not None:
        asked = asked.where(MembershipRow.member_id > after)
    return tuple(map(_membership, await connection.execute(asked)))


async def projects_of_member(
    connection: AsyncConnection, member_id: str, *, limit: int
) -> tuple[str, ...]:
    """Return the projects in which a member has a role, in the order of their ids."""
    asked = (
        select(MembershipRow.project_id)
        .where(MembershipRow.member_id == member_id)
        .order_by(MembershipRow.project_id)
        .limit(limit)
    )
    return tuple(await connection.scalars(asked))


async def withdraw_membership(
    connection: AsyncConnection, *, project_id: str, member_id: str
) -> bool:
    """Take a member's role in a project away, and return whether they had one."""
    gone = await connection.execute(
        delete(MembershipRow).where(
            MembershipRow.project_id == project_id, MembershipRow.member_id == member_id
        )
    )
    return gone.rowcount > 0


async def withdraw_memberships_of(connection: AsyncConnection, member_id: str) -> Sequence[str]:
    """Take a member's roles in every project away, and return the projects, sorted."""
    gone = await connection.scalars(
        delete(MembershipRow)
        .where(MembershipRow.member_id == member_id)
        .returning(MembershipRow.project_id)
    )
    return sorted(gone)


def _memberships() -> Select[*tuple[Any, ...]]:
    row = MembershipRow
    return select(
        row.project_id, row.member_id, row.role, row.extra_roles, row.mode, row.created_at
    )


def _of(*, project_id: str, member_id: str) -> Select[*tuple[Any, ...]]:
    return (
        _memberships()
        .where(MembershipRow.project_id == project_id, MembershipRow.member_id == member_id)
        .limit(1)
    )


def _membership(row: Found[*tuple[Any, ...]]) -> Membership:
    return Membership(
        project_id=row.project_id,
        member_id=row.member_id,
        role=ProjectRole(row.role),
        extra_roles=tuple(row.extra_roles),
        mode=Mode(row.mode),
        created_at=row.created_at,
    )
