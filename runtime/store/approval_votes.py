"""Keep what people said to requests for approval: nobody changes it, and they change nothing else.

What a voter is in the project now is read with each vote; what they were then is of no account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    Select,
    Text,
    and_,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.approval_request import Approval, Tally, Vote, VoteKind
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.store.base import Id, Instant, Row, of_project
from runtime.store.members import MemberRow
from runtime.store.memberships import MembershipRow

MOST_VOTES = 1_000


class ApprovalVoteRow(Row):
    """What one person said to one request."""

    __tablename__ = "approval_votes"
    __table_args__ = (
        of_project(),
        ForeignKeyConstraint(
            ["organization_id", "approval_id"],
            ["approvals.organization_id", "approvals.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["organization_id", "member_id"], ["members.organization_id", "members.id"]
        ),
        CheckConstraint("kind in ('grant', 'deny')", name="kind_check"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    approval_id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    cast_at: Mapped[Instant]


class ApprovalOverrideRow(Row):
    """A call of one person to put the approval of others aside."""

    __tablename__ = "approval_overrides"
    __table_args__ = (
        of_project(),
        ForeignKeyConstraint(
            ["organization_id", "approval_id"],
            ["approvals.organization_id", "approvals.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["organization_id", "member_id"], ["members.organization_id", "members.id"]
        ),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    approval_id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(primary_key=True)
    cast_at: Mapped[Instant] = mapped_column(primary_key=True)
    project_id: Mapped[Id]
    reason: Mapped[str] = mapped_column(Text)


async def add_vote(
    connection: AsyncConnection, vote: Vote, *, approval: Approval, organization_id: str
) -> None:
    """Store what somebody said."""
    await connection.execute(
        insert(ApprovalVoteRow).values(
            organization_id=organization_id,
            approval_id=approval.id,
            member_id=vote.member_id,
            project_id=approval.project_id,
            kind=vote.kind.value,
            reason=vote.reason,
            cast_at=vote.cast_at,
        )
    )


async def add_override(
    connection: AsyncConnection, call: Vote, *, approval: Approval, organization_id: str
) -> None:
    """Store that somebody put the approval of others aside."""
    await connection.execute(
        insert(ApprovalOverrideRow).values(
            organization_id=organization_id,
            approval_id=approval.id,
            member_id=call.member_id,
            project_id=approval.project_id,
            reason=call.reason,
            cast_at=call.cast_at,
        )
    )


async def votes_on(
    connection: AsyncConnection, approval_ids: Iterable[str]
) -> Mapping[str, tuple[Vote, ...]]:
    """Return what was said to each request, with what each voter is in its project now."""
    vote = ApprovalVoteRow
    asked = _with_standing(vote, approval_ids).add_columns(vote.kind)
    return await _read(connection, asked)


async def overrides_on(
    connection: AsyncConnection, approval_ids: Iterable[str]
) -> Mapping[str, tuple[Vote, ...]]:
    """Return who put each request's approval aside, the newest calls, with what they are now."""
    kind = literal(VoteKind.OVERRIDE.value).label("kind")
    asked = _with_standing(ApprovalOverrideRow, approval_ids).add_columns(kind)
    return await _read(connection, asked)


async def tallies_on(
    connection: AsyncConnection, approval_ids: Sequence[str], *, since: datetime
) -> Mapping[str, Tally]:
    """Count who said yes to each request, and who put its approval aside since an instant."""
    vote, call = ApprovalVoteRow, ApprovalOverrideRow
    said_yes = vote.kind == VoteKind.GRANT.value
    granted = await _counted(connection, vote, approval_ids, counts=said_yes)
    called = await _counted(connection, call, approval_ids, counts=call.cast_at >= since)
    return {
        item: Tally(grants=granted.get(item, 0), overrides=called.get(item, 0))
        for item in approval_ids
    }


async def _counted(
    connection: AsyncConnection,
    said: type[ApprovalVoteRow | ApprovalOverrideRow],
    approval_ids: Sequence[str],
    *,
    counts: ColumnElement[bool],
) -> Mapping[str, int]:
    """Count the people who said something to each request."""
    asked = (
        select(said.approval_id, func.count(said.member_id.distinct()).label("people"))
        .where(said.approval_id.in_(approval_ids), counts)
        .group_by(said.approval_id)
        .limit(len(approval_ids))
    )
    return {row.approval_id: row.people for row in await connection.execute(asked)}


async def _read(
    connection: AsyncConnection, asked: Select[*tuple[Any, ...]]
) -> Mapping[str, tuple[Vote, ...]]:
    votes: dict[str, tuple[Vote, ...]] = {}
    for row in await connection.execute(asked):
        votes[row.approval_id] = (_vote(row), *votes.get(row.approval_id, ()))
    return votes


def _with_standing(
    said: type[ApprovalVoteRow | ApprovalOverrideRow], approval_ids: Iterable[str]
) -> Select[*tuple[Any, ...]]:
    """Select what was said with what each is now, the newest first."""
    member, membership = MemberRow, MembershipRow
    return (
        select(
            said.approval_id,
            said.member_id,
            said.reason,
            said.cast_at,
            member.kind.label("member_kind"),
            member.organization_role,
            member.removed_at,
            membership.role,
            membership.extra_roles,
        )
        .join(
            member,
            and_(member.organization_id == said.organization_id, member.id == said.member_id),
        )
        .outerjoin(
            membership,
            and_(
                membership.organization_id == said.organization_id,
                membership.project_id == said.project_id,
                membership.member_id == said.member_id,
            ),
        )
        .where(said.approval_id.in_(list(approval_ids)))
        .order_by(said.cast_at.desc(), said.member_id)
        .limit(MOST_VOTES)
    )


def _vote(row: Found[*tuple[Any, ...]]) -> Vote:
    here = row.removed_at is None and row.member_kind == MemberKind.PERSON.value
    roles: tuple[str, ...] = ()
    if here and row.organization_role == OrganizationRole.OWNER.value:
        roles = (OrganizationRole.OWNER.value,)
    if here and row.role is not None:
        roles = (*roles, row.role, *row.extra_roles)
    return Vote(
        member_id=row.member_id,
        kind=VoteKind(row.kind),
        reason=row.reason,
        cast_at=row.cast_at,
        roles=roles,
        organization_role=row.organization_role if here else "",
    )
