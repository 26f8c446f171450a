"""Keep which events are to be matched with endpoints, for fan-outs that serve all tenants.

A trigger fills it, so no writer of events can forget it. It says that there are events, and nothing
of anybody. A row goes in the transaction that makes its deliveries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, Identity, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.webhook import EventToSend
from runtime.store.base import Id, Row
from runtime.store.session import Database, read_row

# A loose scan: one probe of the key for each tenant, however many rows each has.
_TENANTS: Final = """
with recursive tenants as (
  (select tenant from event_outbox where tenant > $1 order by tenant limit 1)
  union all
  select (
    select o.tenant from event_outbox as o where o.tenant > t.tenant order by o.tenant limit 1)
  from tenants as t where t.tenant is not null
)
select array_agg(tenant) as tenants from (
  select tenant from tenants where tenant is not null limit $2) as found
"""
_MY_TURN: Final = text(
    "select pg_try_advisory_xact_lock(hashtextextended('event_outbox/' || :organization, 0))"
)
# By `left join lateral`: an event that is gone takes its row of the outbox along.
_TAKE: Final = text("""
with taken as (
  delete from event_outbox where tenant = :organization and turn in (
    select turn from event_outbox where tenant = :organization order by turn limit :most)
  returning turn, event_id
)
select taken.turn, event.id, event.type, event.project_id, event.document, event.created_at
from taken left join events as event
  on event.organization_id = :organization and event.id = taken.event_id
order by taken.turn
""")


class EventOutboxRow(Row):
    """An event that no fan-out has seen yet."""

    __tablename__ = "event_outbox"

    tenant: Mapped[Id] = mapped_column(primary_key=True)
    turn: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    event_id: Mapped[Id]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenEvents:
    """Hold what one fan-out took.

    Attributes:
        events: in the order in which they happened; those that are gone are left out.
        taken: how many rows the outbox lost.
    """

    events: tuple[EventToSend, ...] = ()
    taken: int = 0


async def waiting_tenants(database: Database, *, after: str = "", most: int) -> Sequence[str]:
    """Return organizations with events in the outbox, in the order of their ids.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _TENANTS, after, most)
    return () if row is None else row["tenants"] or ()


async def take_events(
    connection: AsyncConnection, organization_id: str, *, most: int
) -> TakenEvents:
    """Take the oldest events of the transaction's organization.

    One fan-out at a time does that, so that deliveries keep the order of events; another one that
    asks meanwhile gets nothing. Should the transaction fail, nothing was taken.
    """
    values = {"organization": organization_id}
    if not (await connection.execute(_MY_TURN, values)).scalar_one():
        return TakenEvents()
    rows = (await connection.execute(_TAKE, {**values, "most": most})).all()
    return TakenEvents(
        events=tuple(
            EventToSend(
                id=row.id,
                type=row.type,
                organization_id=organization_id,
                project_id=row.project_id,
                document=row.document,
                created_at=row.created_at,
            )
            for row in rows
            if row.id is not None
        ),
        taken=len(rows),
    )
