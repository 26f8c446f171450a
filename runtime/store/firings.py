"""Keep which instants of schedules are executed, each of them once, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Select,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.schedule import Firing, FiringStatus
from runtime.store.base import Id, Instant, Row, of_project
from runtime.store.outcomes import OutcomeRow


class FiringRow(Row):
    """One instant of a schedule."""

    __tablename__ = "firings"
    __table_args__ = (
        of_project(),
        ForeignKeyConstraint(
            ["organization_id", "schedule_id"],
            ["schedules.organization_id", "schedules.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("organization_id", "schedule_id", "instant", name="firings_instant"),
        CheckConstraint(
            "status in ('waiting', 'done', 'refused', 'failed', 'abandoned')", name="status_check"
        ),
        CheckConstraint(
            "(outcome_id is not null) = (status in ('done', 'refused', 'failed'))", name="check"
        ),
        CheckConstraint("(ended_at is not null) = (status <> 'waiting')", name="check1"),
        Index(
            "firings_waiting",
            "organization_id",
            "schedule_id",
            "next_try_at",
            postgresql_where=text("status = 'waiting'"),
        ),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    schedule_id: Mapped[Id]
    project_id: Mapped[Id]
    instant: Mapped[Instant]
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    tries: Mapped[int] = mapped_column(BigInteger)
    first_tried_at: Mapped[Instant | None]
    next_try_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    outcome_id: Mapped[Id | None]
    reason: Mapped[str | None] = mapped_column(Text)


_WAITING = FiringRow.status == FiringStatus.WAITING.value


@dataclass(frozen=True, slots=True, kw_only=True)
class FiringOutcome:
    """Name an outcome that a firing left."""

    id: str
    status: FiringStatus


async def add_firings(
    connection: AsyncConnection, firings: Iterable[Firing], *, organization_id: str
) -> None:
    """Store what has come due; an instant that is there already stays as it is."""
    rows = [
        {
            "organization_id": organization_id,
            "id": firing.id,
            "schedule_id": firing.schedule_id,
            "project_id": firing.project_id,
            "instant": firing.instant,
            "status": firing.status.value,
            "created_at": firing.created_at,
            "tries": firing.tries,
            "next_try_at": firing.created_at,
        }
        for firing in firings
    ]
    if rows:
        await connection.execute(insert(FiringRow).values(rows).on_conflict_do_nothing())


async def begin_firing(
    connection: AsyncConnection, schedule_id: str, *, now: datetime, lease: timedelta
) -> Firing | None:
    """Begin to try the oldest firing of a schedule that may be tried now, if there is one.

    It is nobody else's to try for the length of the lease. Whoever calls this holds the schedule.
    """
    row = FiringRow
    oldest = (
        select(row.id)
        .where(row.schedule_id == schedule_id, _WAITING, row.next_try_at <= now)
        .order_by(row.instant)
        .limit(1)
        .scalar_subquery()
    )
    begun = await connection.execute(
        update(row)
        .where(row.id == oldest)
        .values(
            tries=row.tries + 1,
            first_tried_at=func.coalesce(row.first_tried_at, now),
            next_try_at=now + lease,
        )
        .returning(*_columns())
    )
    return _found(begun.first())


async def end_firing(
    connection: AsyncConnection,
    firing: str,
    *,
    status: FiringStatus,
    now: datetime,
    outcome_id: str | None = None,
    reason: str | None = None,
) -> bool:
    """Store what came of a firing; an outcome counts even where it was given up meanwhile.

    Returns:
        Whether nobody had stored it before.
    """
    row = FiringRow
    open_still = _WAITING
    if outcome_id is not None:
        open_still = row.status.in_((FiringStatus.WAITING.value, FiringStatus.ABANDONED.value))
    stored = await connection.execute(
        update(row)
        .where(row.id == firing, open_still)
        .values(status=status.value, ended_at=now, outcome_id=outcome_id, reason=reason)
        .returning(row.id)
    )
    return stored.first() is not None


async def put_firing_off(
    connection: AsyncConnection, firing: str, *, until: datetime, reason: str
) -> None:
    """Let a firing be tried again later."""
    await connection.execute(
        update(FiringRow)
        .where(FiringRow.id == firing, _WAITING)
        .values(next_try_at=until, reason=reason)
    )


async def abandon_waiting(
    connection: AsyncConnection, schedule_id: str, *, now: datetime, reason: str
) -> int:
    """Give up what waits of a schedule, and return how many firings that were."""
    gone = await connection.execute(
        update(FiringRow)
        .where(FiringRow.schedule_id == schedule_id, _WAITING)
        .values(status=FiringStatus.ABANDONED.value, ended_at=now, reason=reason)
    )
    return gone.rowcount


async def next_try(connection: AsyncConnection, schedule_id: str) -> datetime | None:
    """Return when a waiting firing of a schedule may be tried, the earliest; None: none waits."""
    asked = select(func.min(FiringRow.next_try_at)).where(
        FiringRow.schedule_id == schedule_id, _WAITING
    )
    found: datetime | None = (await connection.execute(asked)).scalar_one()
    return found


async def outcome_of(connection: AsyncConnection, firing: Firing) -> FiringOutcome | None:
    """Return what came of a firing by the project's own history, whether it was told or not."""
    row = OutcomeRow
    asked = (
        select(row.id, row.status)
        .where(row.project_id == firing.project_id, row.credential_id == firing.id)
        .order_by(row.number.desc())
        .limit(1)
    )
    found = (await connection.execute(asked)).first()
    if found is None:
        return None
    return FiringOutcome(id=found.id, status=FiringStatus(found.status))


async def firings_before(
    connection: AsyncConnection, before: str | None, *, limit: int, schedule_id: str
) -> tuple[Firing, ...]:
    """Return firings of a schedule, the newest instant first."""
    row = FiringRow
    asked = _firings().where(row.schedule_id == schedule_id).order_by(row.id.desc()).limit(limit)
    if before is not None:
        asked = asked.where(row.id < before)
    return tuple(map(_firing, await connection.execute(asked)))


async def forget_firings(connection: AsyncConnection, schedule_id: str, *, keep: int) -> int:
    """Delete what ended of a schedule but for the newest so many firings; return how many."""
    row = FiringRow
    edge = (
        select(row.instant)
        .where(row.schedule_id == schedule_id)
        .order_by(row.instant.desc())
        .offset(keep)
        .limit(1)
        .scalar_subquery()
    )
    gone = await connection.execute(
        delete(row).where(row.schedule_id == schedule_id, row.instant <= edge, ~_WAITING)
    )
    return gone.rowcount


def _columns() -> tuple[Any, ...]:
    row = FiringRow
    return (
        row.id,
        row.schedule_id,
        row.project_id,
        row.instant,
        row.status,
        row.created_at,
        row.tries,
        row.first_tried_at,
        row.ended_at,
        row.outcome_id,
        row.reason,
    )


def _firings() -> Select[*tuple[Any, ...]]:
    return select(*_columns())


def _found(row: Found[*tuple[Any, ...]] | None) -> Firing | None:
    return None if row is None else _firing(row)


def _firing(row: Found[*tuple[Any, ...]]) -> Firing:
    return Firing(
        id=row.id,
        schedule_id=row.schedule_id,
        project_id=row.project_id,
        instant=row.instant,
        status=FiringStatus(row.status),
        created_at=row.created_at,
        tries=row.tries,
        first_tried_at=row.first_tried_at,
        ended_at=row.ended_at,
        outcome_id=row.outcome_id,
        reason=row.reason,
    )
