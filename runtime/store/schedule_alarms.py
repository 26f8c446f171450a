"""Say which schedule of whichever tenant is to be looked at, and nothing else of it.

Every process of the platform asks for all tenants, and whoever asks takes what it is told: for the
length of a lease nobody else is told of it. An alarm is about speed alone: one that rings twice, or
too early, finds nothing to do. Its time is never later than when its schedule has something to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Index, delete, exists
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.base import Id, Instant, Row
from runtime.store.schedules import ScheduleRow
from runtime.store.session import Database, read_row

_TAKE: Final = """
with ringing as (
  select tenant, schedule_id from schedule_alarms
  where rings_at <= now() order by rings_at limit $1 for update skip locked
), taken as (
  update schedule_alarms as alarm set rings_at = now() + make_interval(secs => $2)
  from ringing
  where alarm.tenant = ringing.tenant and alarm.schedule_id = ringing.schedule_id
  returning alarm.tenant, alarm.schedule_id
)
select array_agg(tenant) as tenants, array_agg(schedule_id) as schedules from taken
"""


class ScheduleAlarmRow(Row):
    """When a schedule is to be looked at."""

    __tablename__ = "schedule_alarms"
    __table_args__ = (Index("schedule_alarms_rings", "rings_at"),)

    tenant: Mapped[Id] = mapped_column(primary_key=True)
    schedule_id: Mapped[Id] = mapped_column(primary_key=True)
    rings_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Name a schedule that is to be looked at."""

    organization_id: str
    schedule_id: str


async def take_alarms(database: Database, *, limit: int, lease_s: float) -> tuple[Alarm, ...]:
    """Return alarms that ring by the database's clock, and let them ring again after the lease.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _TAKE, limit, lease_s)
    if row is None or row["tenants"] is None:
        return ()
    return tuple(
        Alarm(organization_id=tenant, schedule_id=schedule)
        for tenant, schedule in zip(row["tenants"], row["schedules"], strict=True)
    )


async def set_alarm(connection: AsyncConnection, alarm: Alarm, *, rings_at: datetime) -> None:
    """Let a schedule's alarm ring at an instant, whenever it would have rung."""
    change = {"rings_at": rings_at}
    await connection.execute(
        insert(ScheduleAlarmRow)
        .values(tenant=alarm.organization_id, schedule_id=alarm.schedule_id, **change)
        .on_conflict_do_update(index_elements=["tenant", "schedule_id"], set_=change)
    )


async def silence_alarm(connection: AsyncConnection, alarm: Alarm) -> None:
    """Let a schedule's alarm ring no more."""
    row = ScheduleAlarmRow
    await connection.execute(
        delete(row).where(row.tenant == alarm.organization_id, row.schedule_id == alarm.schedule_id)
    )


async def drop_orphan(connection: AsyncConnection, alarm: Alarm) -> None:
    """Let an alarm ring no more whose schedule went away with its project."""
    row, schedule = ScheduleAlarmRow, ScheduleRow
    await connection.execute(
        delete(row).where(
            row.tenant == alarm.organization_id,
            row.schedule_id == alarm.schedule_id,
            ~exists().where(schedule.id == alarm.schedule_id),
        )
    )
