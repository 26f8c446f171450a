"""Keep who sends to which endpoint, and when somebody has to, for workers that serve all tenants.

A lane is one endpoint's. Who leases it is the only one that sends to the endpoint, so that rate,
order and pauses are kept by one process. Leases end by the database's clock; when something is due
is told by the clock of whoever asks. `fence` grows with every lease; `wakes` grows whenever there
is something new, so that nobody puts a lane to rest who has not seen it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Index, delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.base import Id, Instant, Row
from runtime.store.session import Database, read_row

_WAKE: Final = text("""
with found as (
  select endpoint_id from webhook_lanes
  where tenant = :organization and endpoint_id = any (cast(:endpoints as text[]))
  order by endpoint_id for no key update
)
update webhook_lanes as lane set wakes = wakes + 1, due_at = least(due_at, :at)
from found where lane.tenant = :organization and lane.endpoint_id = found.endpoint_id
""")
_STIR: Final = text(
    "update webhook_lanes set rests_until = null "
    "where tenant = :organization and endpoint_id = :endpoint"
)
_TAKE: Final = """
with due as (
  select tenant, endpoint_id from webhook_lanes
  where due_at <= $2 and coalesce(rests_until, $2) <= $2
    and (leased_until is null or leased_until < now())
  order by due_at limit $3 for no key update skip locked
), taken as (
  update webhook_lanes as lane set leased_by = $1, fence = fence + 1,
    leased_until = now() + make_interval(secs => $4)
  from due where lane.tenant = due.tenant and lane.endpoint_id = due.endpoint_id
  returning lane.tenant, lane.endpoint_id, lane.fence, lane.wakes
)
select array_agg(tenant) as tenants, array_agg(endpoint_id) as endpoints,
  array_agg(fence) as fences, array_agg(wakes) as wakes from taken
"""
_LOOK: Final = """
select array_agg(tenant) as tenants, array_agg(endpoint_id) as endpoints,
  array_agg(fence) as fences, array_agg(wakes) as wakes
from webhook_lanes where leased_by = $1
"""
_RENEW: Final = """
with mine as (
  update webhook_lanes set leased_until = now() + make_interval(secs => $2)
  where leased_by = $1
  returning tenant, endpoint_id, fence, wakes
)
select array_agg(tenant) as tenants, array_agg(endpoint_id) as endpoints,
  array_agg(fence) as fences, array_agg(wakes) as wakes from mine
"""
_BACKLOG: Final = """
select
  (select count(*) from (select from event_outbox limit 10000) as waiting) as events,
  (select count(*) from (select from webhook_lanes where due_at <= $1 limit 10000) as due) as lanes
"""
_RELEASE: Final = """
update webhook_lanes set leased_by = null, leased_until = null, due_at = $5
where tenant = $1 and endpoint_id = $2 and fence = $3 and wakes = $4 and leased_by is not null
returning tenant
"""
_GIVE_BACK: Final = """
update webhook_lanes set leased_by = null, leased_until = null
where tenant = $1 and endpoint_id = $2 and fence = $3 and leased_by is not null
returning tenant
"""


class LaneRow(Row):
    """Who sends to an endpoint, and when somebody has to."""

    __tablename__ = "webhook_lanes"
    __table_args__ = (
        Index("webhook_lanes_due", "due_at", postgresql_where=text("due_at is not null")),
        Index("webhook_lanes_holder", "leased_by", postgresql_where=text("leased_by is not null")),
    )

    tenant: Mapped[Id] = mapped_column(primary_key=True)
    endpoint_id: Mapped[Id] = mapped_column(primary_key=True)
    due_at: Mapped[Instant | None]
    rests_until: Mapped[Instant | None]
    wakes: Mapped[int] = mapped_column(BigInteger)
    leased_by: Mapped[Id | None]
    leased_until: Mapped[Instant | None]
    fence: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Name a lane that a worker holds.

    Attributes:
        fence: which lease of it this is.
        wakes: how often there had been something new.
    """

    organization_id: str
    endpoint_id: str
    fence: int
    wakes: int


async def make_lane(connection: AsyncConnection, organization_id: str, endpoint_id: str) -> None:
    """Make the lane of a new endpoint; nothing is due in it."""
    await connection.execute(
        insert(LaneRow)
        .values(tenant=organization_id, endpoint_id=endpoint_id, wakes=0, fence=0)
        .on_conflict_do_nothing()
    )


async def wake_lanes(
    connection: AsyncConnection, organization_id: str, endpoints: Iterable[str], *, at: datetime
) -> None:
    """Let somebody look at lanes, in the transaction that writes what there is to be seen."""
    values = {"organization": organization_id, "endpoints": sorted(set(endpoints)), "at": at}
    await connection.execute(_WAKE, values)


async def wake_lane(
    connection: AsyncConnection, organization_id: str, endpoint_id: str, *, at: datetime
) -> None:
    """Let somebody look at a lane: an endpoint was changed, or has something to take."""
    await wake_lanes(connection, organization_id, [endpoint_id], at=at)


async def stir_lane(
    connection: AsyncConnection, organization_id: str, endpoint_id: str, *, at: datetime
) -> None:
    """Wake a lane and let it rest no longer: its endpoint was enabled by a person."""
    await wake_lanes(connection, organization_id, [endpoint_id], at=at)
    await connection.execute(_STIR, {"organization": organization_id, "endpoint": endpoint_id})


async def drop_lane(connection: AsyncConnection, organization_id: str, endpoint_id: str) -> None:
    """Forget a lane whose endpoint is removed; who holds it can write nothing any more."""
    row = LaneRow
    await connection.execute(
        delete(row).where(row.tenant == organization_id, row.endpoint_id == endpoint_id)
    )


async def take_lanes(
    database: Database, *, worker: str, at: datetime, most: int, lease_s: float
) -> tuple[Lane, ...]:
    """Lease lanes in which something is due, and that nobody holds.

    Raises:
        StorageUnavailableError: the database can't be asked; what was leased falls to others.
    """
    return await _lanes(database, _TAKE, worker, at, most, lease_s)


async def held_lanes(database: Database, *, worker: str) -> tuple[Lane, ...]:
    """Return the lanes that a worker holds, as they are now.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    return await _lanes(database, _LOOK, worker)


async def renew_lanes(database: Database, *, worker: str, lease_s: float) -> tuple[Lane, ...]:
    """Hold the lanes of a worker for longer, and return them.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    return await _lanes(database, _RENEW, worker, lease_s)


async def release_lane(database: Database, lane: Lane, *, due_at: datetime | None) -> bool:
    """Let a lane go until something is due; False: there is something new, or it was lost.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    found = await read_row(
        database,
        _RELEASE,
        *(lane.organization_id, lane.endpoint_id, lane.fence, lane.wakes, due_at),
    )
    return found is not None


async def give_back_lanes(database: Database, lanes: Sequence[Lane]) -> None:
    """Let others have lanes now, with all that is due in them.

    Raises:
        StorageUnavailableError: the database can't be asked; the leases end by themselves.
    """
    for lane in lanes:
        await read_row(database, _GIVE_BACK, lane.organization_id, lane.endpoint_id, lane.fence)


async def backlog(database: Database, *, at: datetime) -> tuple[int, int]:
    """Return how many events no fan-out has seen, and in how many lanes something is due.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _BACKLOG, at)
    return (0, 0) if row is None else (row["events"], row["lanes"])


async def _lanes(database: Database, call: str, *arguments: object) -> tuple[Lane, ...]:
    row = await read_row(database, call, *arguments)
    if row is None or row["tenants"] is None:
        return ()
    columns = (row["tenants"], row["endpoints"], row["fences"], row["wakes"])
    return tuple(
        Lane(organization_id=tenant, endpoint_id=endpoint, fence=fence, wakes=wakes)
        for tenant, endpoint, fence, wakes in zip(*columns, strict=True)
    )
