"""Read what many projects have used: the books that travel with their heads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.limits import Limits
from runtime.domain.usage_book import UsageBook
from runtime.store.heads import HeadRow
from runtime.store.memberships import MembershipRow
from runtime.store.projects import ProjectRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectBook:
    """Pair a project with what it used.

    Attributes:
        updated_at: the instant of its newest commit.
    """

    project_id: str
    name: str
    archived: bool
    limits: Limits
    book: UsageBook
    updated_at: datetime


async def books_after(
    connection: AsyncConnection, after: str | None, *, limit: int, member_id: str | None
) -> tuple[ProjectBook, ...]:
    """Return what projects used, in the order of their ids: one member's projects, or all for None.

    They are the transaction's organization's.
    """
    asked = (
        select(
            ProjectRow.id,
            ProjectRow.name,
            ProjectRow.limits,
            ProjectRow.archived_at,
            HeadRow.usage,
            HeadRow.updated_at,
        )
        .join(
            HeadRow,
            (HeadRow.organization_id == ProjectRow.organization_id)
            & (HeadRow.project_id == ProjectRow.id),
        )
        .order_by(ProjectRow.id)
        .limit(limit)
    )
    if after is not None:
        asked = asked.where(ProjectRow.id > after)
    if member_id is not None:
        asked = asked.join(
            MembershipRow,
            (MembershipRow.organization_id == ProjectRow.organization_id)
            & (MembershipRow.project_id == ProjectRow.id),
        ).where(MembershipRow.member_id == member_id)
    return tuple(
        ProjectBook(
            project_id=row.id,
            name=row.name,
            archived=row.archived_at is not None,
            limits=Limits.model_validate_json(row.limits),
            book=UsageBook.read(row.usage),
            updated_at=row.updated_at,
        )
        for row in await connection.execute(asked)
    )


async def books_since(
    connection: AsyncConnection, instant: datetime, *, after: str, limit: int
) -> tuple[tuple[str, UsageBook], ...]:
    """Return the books of projects that committed something since an instant, in order of ids.

    They are the transaction's organization's; `after` is the last project of the page before.
    """
    asked = (
        select(HeadRow.project_id, HeadRow.usage)
        .where(HeadRow.updated_at >= instant, HeadRow.project_id > after)
        .order_by(HeadRow.project_id)
        .limit(limit)
    )
    return tuple(
        (project_id, UsageBook.read(usage)) for project_id, usage in await connection.execute(asked)
    )
