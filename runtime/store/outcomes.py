"""Keep what came of each plan, refusals included, numbered without gaps in each project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Select, Text, UniqueConstraint, select
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.history import StoredOutcome
from runtime.store.base import Id, Instant, Row, of_project


class OutcomeRow(Row):
    """What came of a plan."""

    __tablename__ = "outcomes"
    __table_args__ = (
        UniqueConstraint("organization_id", "project_id", "id", name="outcomes_id"),
        of_project(),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[Id]
    principal_id: Mapped[Id]
    credential_id: Mapped[Id]
    status: Mapped[str] = mapped_column(Text)
    refusal_code: Mapped[str | None] = mapped_column(Text)
    plan_digest: Mapped[str] = mapped_column(Text)
    before_version: Mapped[int] = mapped_column(BigInteger)
    after_version: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[str] = mapped_column(Text)
    fence: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Instant]


async def outcomes_before(
    connection: AsyncConnection, *, project_id: str, before: int | None, limit: int
) -> tuple[StoredOutcome, ...]:
    """Return outcomes from the newest to the oldest, those below a number if one is given."""
    asked = _of(project_id).order_by(OutcomeRow.number.desc()).limit(limit)
    if before is not None:
        asked = asked.where(OutcomeRow.number < before)
    return tuple(map(_outcome, await connection.execute(asked)))


async def outcomes_named(
    connection: AsyncConnection, *, project_id: str, ids: Sequence[str]
) -> tuple[StoredOutcome, ...]:
    """Return those outcomes that exist."""
    asked = _of(project_id).where(OutcomeRow.id.in_(ids)).limit(len(ids))
    return tuple(map(_outcome, await connection.execute(asked)))


def _of(project_id: str) -> Select[*tuple[Any, ...]]:
    """Ask for outcomes of a project; row security adds the organization."""
    return select(
        OutcomeRow.number,
        OutcomeRow.id,
        OutcomeRow.principal_id,
        OutcomeRow.status,
        OutcomeRow.refusal_code,
        OutcomeRow.plan_digest,
        OutcomeRow.before_version,
        OutcomeRow.after_version,
        OutcomeRow.cost,
        OutcomeRow.document,
        OutcomeRow.created_at,
    ).where(OutcomeRow.project_id == project_id)


def _outcome(row: Found[*tuple[Any, ...]]) -> StoredOutcome:
    return StoredOutcome(
        number=row.number,
        id=row.id,
        principal_id=row.principal_id,
        status=row.status,
        refusal_code=row.refusal_code,
        plan_digest=row.plan_digest,
        before_version=row.before_version,
        after_version=row.after_version,
        cost=row.cost,
        document=row.document,
        created_at=row.created_at,
    )
