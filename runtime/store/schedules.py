"""Keep the schedules of projects, and how far each was seen to."""

from __future__ import annotations

from datetime import datetime
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
    insert,
    select,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.cron import parse_cron
from runtime.domain.errors import NameTakenError
from runtime.domain.plan import Plan
from runtime.domain.schedule import CatchUp, Schedule
from runtime.domain.schedule_timing import Timing
from runtime.kit.canonical_json import canonical_text
from runtime.store.base import Id, Instant, Row, of_project
from runtime.store.conflicts import broken_constraint

_NAME = "schedules_name"


class ScheduleRow(Row):
    """A plan with when it comes due."""

    __tablename__ = "schedules"
    __table_args__ = (
        of_project(),
        ForeignKeyConstraint(
            ["organization_id", "principal_id"], ["members.organization_id", "members.id"]
        ),
        UniqueConstraint("organization_id", "project_id", "name", name=_NAME),
        CheckConstraint("jitter_s between 0 and 3600", name="jitter_s_check"),
        CheckConstraint("catch_up in ('none', 'last', 'all')", name="catch_up_check"),
        Index("schedules_project", "organization_id", "project_id", "id"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text)
    cron: Mapped[str] = mapped_column(Text)
    zone: Mapped[str] = mapped_column(Text)
    jitter_s: Mapped[int] = mapped_column(BigInteger)
    catch_up: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(Text)
    atomic: Mapped[bool]
    principal_id: Mapped[Id]
    created_at: Mapped[Instant]
    created_by: Mapped[Id]
    paused_at: Mapped[Instant | None]
    seen_until: Mapped[Instant]
    next_at: Mapped[Instant]


async def add_schedule(connection: AsyncConnection, schedule: Schedule) -> None:
    """Store a new schedule.

    Raises:
        NameTakenError: the project has one of that name; the transaction is of no more use.
    """
    addition = insert(ScheduleRow).values(
        organization_id=schedule.organization_id,
        id=schedule.id,
        project_id=schedule.project_id,
        principal_id=schedule.principal_id,
        created_at=schedule.created_at,
        created_by=schedule.created_by,
        **_changing(schedule),
    )
    try:
        await connection.execute(addition)
    except IntegrityError as error:
        raise _taken(error, schedule) from None


async def change_schedule(connection: AsyncConnection, schedule: Schedule) -> None:
    """Store a schedule as it is now.

    Raises:
        NameTakenError: the project has another one of that name; the transaction is of no more use.
    """
    change = update(ScheduleRow).where(ScheduleRow.id == schedule.id).values(**_changing(schedule))
    try:
        await connection.execute(change)
    except IntegrityError as error:
        raise _taken(error, schedule) from None


async def saw_schedule(
    connection: AsyncConnection, schedule_id: str, *, until: datetime, next_at: datetime
) -> None:
    """Store up to when a schedule was seen to, and when it comes due next."""
    await connection.execute(
        update(ScheduleRow)
        .where(ScheduleRow.id == schedule_id)
        .values(seen_until=until, next_at=next_at)
    )


async def delete_schedule(connection: AsyncConnection, schedule_id: str) -> None:
    """Delete a schedule with its firings."""
    await connection.execute(delete(ScheduleRow).where(ScheduleRow.id == schedule_id))


async def find_schedule(
    connection: AsyncConnection, *, project_id: str, schedule_id: str
) -> Schedule | None:
    """Return a schedule of a project."""
    asked = _schedules().where(ScheduleRow.id == schedule_id, ScheduleRow.project_id == project_id)
    return _found((await connection.execute(asked.limit(1))).first())


async def held_schedule(
    connection: AsyncConnection, *, project_id: str, schedule_id: str
) -> Schedule | None:
    """Return a schedule of a project that this transaction is about to change (`for update`)."""
    asked = _schedules().where(ScheduleRow.id == schedule_id, ScheduleRow.project_id == project_id)
    return _found((await connection.execute(asked.limit(1).with_for_update())).first())


async def free_schedule(connection: AsyncConnection, schedule_id: str) -> Schedule | None:
    """Hold and return a schedule that is there and free (`for update skip locked`)."""
    asked = _schedules().where(ScheduleRow.id == schedule_id).limit(1)
    return _found((await connection.execute(asked.with_for_update(skip_locked=True))).first())


async def schedules_after(
    connection: AsyncConnection, after: str | None, *, limit: int, project_id: str
) -> tuple[Schedule, ...]:
    """Return the schedules of a project in the order of their ids."""
    row = ScheduleRow
    asked = _schedules().where(row.project_id == project_id).order_by(row.id).limit(limit)
    if after is not None:
        asked = asked.where(row.id > after)
    return tuple(map(_schedule, await connection.execute(asked)))


async def count_schedules(connection: AsyncConnection, project_id: str) -> int:
    """Return how many schedules a project has."""
    asked = select(func.count()).where(ScheduleRow.project_id == project_id)
    return int((await connection.execute(asked)).scalar_one())


async def database_now(connection: AsyncConnection) -> datetime:
    """Return the instant at which this transaction began, by the database's clock."""
    now: datetime = (await connection.execute(select(func.now()))).scalar_one()
    return now


def _changing(schedule: Schedule) -> dict[str, object]:
    return {
        "name": schedule.name,
        "cron": schedule.timing.cron.text,
        "zone": schedule.timing.zone,
        "jitter_s": schedule.jitter_s,
        "catch_up": schedule.catch_up.value,
        "plan": canonical_text(schedule.plan.document()),
        "atomic": schedule.atomic,
        "paused_at": schedule.paused_at,
        "seen_until": schedule.seen_until,
        "next_at": schedule.next_at,
    }


def _taken(error: IntegrityError, schedule: Schedule) -> Exception:
    if broken_constraint(error) != _NAME:
        return error
    return NameTakenError(kind="schedule", name=schedule.name)


def _schedules() -> Select[*tuple[Any, ...]]:
    row = ScheduleRow
    return select(
        row.id,
        row.organization_id,
        row.project_id,
        row.name,
        row.cron,
        row.zone,
        row.jitter_s,
        row.catch_up,
        row.plan,
        row.atomic,
        row.principal_id,
        row.created_at,
        row.created_by,
        row.paused_at,
        row.seen_until,
        row.next_at,
    )


def _found(row: Found[*tuple[Any, ...]] | None) -> Schedule | None:
    return None if row is None else _schedule(row)


def _schedule(row: Found[*tuple[Any, ...]]) -> Schedule:
    return Schedule(
        id=row.id,
        organization_id=row.organization_id,
        project_id=row.project_id,
        name=row.name,
        timing=Timing(cron=parse_cron(row.cron), zone=row.zone),
        jitter_s=row.jitter_s,
        catch_up=CatchUp(row.catch_up),
        plan=Plan.model_validate_json(row.plan),
        atomic=row.atomic,
        principal_id=row.principal_id,
        created_at=row.created_at,
        created_by=row.created_by,
        paused_at=row.paused_at,
        seen_until=row.seen_until,
        next_at=row.next_at,
    )
