"""Keep what was asked to be approved.

Executions ask for approvals and use them, in `commit_executions`; what people say to them is in
`approval_votes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Index,
    Select,
    Text,
    select,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.approval_request import (
    OPEN,
    Approval,
    ApprovalStatus,
    Need,
)
from runtime.kit.canonical_json import canonical_text, parse
from runtime.store.base import Id, Instant, Row, of_project

MOST_ABOUT = 1_000


class ApprovalRow(Row):
    """A request that others approve a plan."""

    __tablename__ = "approvals"
    __table_args__ = (
        of_project(),
        CheckConstraint(
            "status in ('pending', 'granted', 'denied', 'withdrawn', 'used')", name="status_check"
        ),
        CheckConstraint("(status = 'used') = (used_by is not null)", name="check"),
        Index("approvals_project", "organization_id", "project_id", "id"),
        Index("approvals_plan", "organization_id", "project_id", "plan_digest"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id]
    requester: Mapped[Id]
    credential_id: Mapped[Id]
    plan_digest: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(Text)
    policy_revision: Mapped[str] = mapped_column(Text)
    state_version: Mapped[int] = mapped_column(BigInteger)
    needs: Mapped[str] = mapped_column(Text)
    outcome_id: Mapped[Id]
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    used_by: Mapped[Id | None]


async def find_approval(
    connection: AsyncConnection, *, project_id: str, approval_id: str
) -> Approval | None:
    """Return a request of a project, whatever became of it."""
    asked = _named(project_id=project_id, approval_id=approval_id)
    row = (await connection.execute(asked)).first()
    return None if row is None else _approval(row)


async def approval_of(connection: AsyncConnection, approval_id: str) -> Approval | None:
    """Return a request of the organization, of whichever project."""
    asked = _approvals().where(ApprovalRow.id == approval_id).limit(1)
    row = (await connection.execute(asked)).first()
    return None if row is None else _approval(row)


async def held_approval(
    connection: AsyncConnection, *, project_id: str, approval_id: str
) -> Approval | None:
    """Return a request that this transaction votes on or ends (`for update`)."""
    asked = _named(project_id=project_id, approval_id=approval_id).with_for_update()
    row = (await connection.execute(asked)).first()
    return None if row is None else _approval(row)


async def approvals_named(
    connection: AsyncConnection, *, project_id: str, ids: Sequence[str]
) -> Mapping[str, Approval]:
    """Return requests of a project by their ids; those that are not there are left out."""
    row = ApprovalRow
    asked = _approvals().where(row.project_id == project_id, row.id.in_(ids)).limit(len(ids))
    return {found.id: _approval(found) for found in await connection.execute(asked)}


async def approvals_after(
    connection: AsyncConnection,
    after: str | None,
    *,
    limit: int,
    project_id: str,
    status: ApprovalStatus | None,
    now: datetime,
) -> tuple[Approval, ...]:
    """Return requests of a project in the order of their ids: of one status, or all for None."""
    asked = (
        _approvals()
        .where(ApprovalRow.project_id == project_id)
        .order_by(ApprovalRow.id)
        .limit(limit)
    )
    if after is not None:
        asked = asked.where(ApprovalRow.id > after)
    if status is not None:
        asked = asked.where(*_of_status(status, now))
    return tuple(map(_approval, await connection.execute(asked)))


async def approvals_about(
    connection: AsyncConnection, *, project_id: str, plan_digests: Sequence[str], now: datetime
) -> tuple[Approval, ...]:
    """Return what was asked about plans and not used or withdrawn; once denied is denied."""
    row = ApprovalRow
    asked = (
        _approvals()
        .where(
            row.project_id == project_id,
            row.plan_digest.in_(plan_digests),
            row.expires_at > now,
            row.status.in_([item.value for item in (*OPEN, ApprovalStatus.DENIED)]),
        )
        .order_by(row.id)
        .limit(MOST_ABOUT)
    )
    return tuple(map(_approval, await connection.execute(asked)))


async def end_approval(
    connection: AsyncConnection, approval_id: str, *, status: ApprovalStatus, at: datetime
) -> None:
    """Say that a request can't be used any more."""
    await connection.execute(
        update(ApprovalRow)
        .where(ApprovalRow.id == approval_id)
        .values(status=status.value, ended_at=at)
    )


async def note_granted(connection: AsyncConnection, approval_id: str) -> None:
    """Say that enough people said yes to a request."""
    await connection.execute(
        update(ApprovalRow)
        .where(ApprovalRow.id == approval_id)
        .values(status=ApprovalStatus.GRANTED.value)
    )


def _of_status(status: ApprovalStatus, now: datetime) -> tuple[ColumnElement[bool], ...]:
    row = ApprovalRow
    if status is ApprovalStatus.EXPIRED:
        return (row.status.in_([item.value for item in OPEN]), row.expires_at <= now)
    if status in OPEN:
        return (row.status == status.value, row.expires_at > now)
    return (row.status == status.value,)


def _named(*, project_id: str, approval_id: str) -> Select[*tuple[Any, ...]]:
    row = ApprovalRow
    return _approvals().where(row.project_id == project_id, row.id == approval_id).limit(1)


def _approvals() -> Select[*tuple[Any, ...]]:
    row = ApprovalRow
    return select(
        row.id,
        row.project_id,
        row.requester,
        row.credential_id,
        row.plan_digest,
        row.plan,
        row.policy_revision,
        row.state_version,
        row.needs,
        row.outcome_id,
        row.status,
        row.created_at,
        row.expires_at,
        row.ended_at,
        row.used_by,
    )


def spelled_needs(needs: Iterable[Need]) -> str:
    """Spell whose approval it takes, as it is stored."""
    return canonical_text([{"count": need.count, "role": need.role} for need in needs])


def _approval(row: Found[*tuple[Any, ...]]) -> Approval:
    return Approval(
        id=row.id,
        project_id=row.project_id,
        requester=row.requester,
        credential_id=row.credential_id,
        plan_digest=row.plan_digest,
        plan=row.plan,
        policy_revision=row.policy_revision,
        state_version=row.state_version,
        needs=tuple(Need(count=item["count"], role=item["role"]) for item in parse(row.needs)),
        outcome_id=row.outcome_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        status=ApprovalStatus(row.status),
        ended_at=row.ended_at,
        used_by=row.used_by,
    )
