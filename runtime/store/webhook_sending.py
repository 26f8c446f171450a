"""Read what is due in a lane, in the order in which it is sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.webhook import (
    Delivery,
    DeliveryCause,
    DeliveryStatus,
    EventToSend,
)
from runtime.store.webhook_lanes import Lane

# What has an entity is left to `_IN_LINE` where the order of entities is kept.
_DUE: Final = text("""
with due as (
  select * from webhook_deliveries
  where organization_id = :organization and endpoint_id = :endpoint and status = 'waiting'
    and due_at <= :at and (not :ordered or entity = '' or cause = 'ping')
    and id <> all (cast(:held as text[]))
  order by due_at, turn limit :most
)
select d.id, d.endpoint_id, d.event_id, d.event_type, d.cause, d.status, d.attempts, d.entity,
  d.due_at,
  d.created_at, d.ended_at, d.reason, e.id as found, e.type, e.project_id, e.document,
  e.created_at as happened_at
from due as d
left join events as e on e.organization_id = d.organization_id and e.id = d.event_id
order by d.due_at, d.turn
""")
# A loose scan over the entities that have something to send, and of each the first few in order.
_IN_LINE: Final = text("""
with recursive entities as (
  (select entity from webhook_deliveries
   where organization_id = :organization and endpoint_id = :endpoint and status = 'waiting'
     and entity <> '' order by entity limit 1)
  union all
  select (
    select w.entity from webhook_deliveries as w
    where w.organization_id = :organization and w.endpoint_id = :endpoint
      and w.status = 'waiting' and w.entity <> '' and w.entity > entities.entity
    order by w.entity limit 1)
  from entities where entities.entity is not null
), due as (
  select line.* from entities cross join lateral (
    select * from webhook_deliveries as w
    where w.organization_id = :organization and w.endpoint_id = :endpoint
      and w.status = 'waiting' and w.entity <> '' and w.entity = entities.entity
      and w.cause <> 'ping'
    order by w.turn limit :each
  ) as line
  where entities.entity is not null and entities.entity <> all (cast(:held as text[]))
  limit :most
)
select d.id, d.endpoint_id, d.event_id, d.event_type, d.cause, d.status, d.attempts, d.entity,
  d.due_at,
  d.created_at, d.ended_at, d.reason, e.id as found, e.type, e.project_id, e.document,
  e.created_at as happened_at
from due as d
left join events as e on e.organization_id = d.organization_id and e.id = d.event_id
order by d.entity, d.turn
""")
_NEXT_DUE: Final = text("""
select min(due_at) from webhook_deliveries
where organization_id = :organization and endpoint_id = :endpoint and status = 'waiting'
""")
# Where order is kept, of each entity only the first one counts.
_NEXT_IN_LINE: Final = text("""
select min(due_at) from (
  (select min(due_at) as due_at from webhook_deliveries
   where organization_id = :organization and endpoint_id = :endpoint and status = 'waiting'
     and (entity = '' or cause = 'ping'))
  union all
  (select distinct on (entity) due_at from webhook_deliveries
   where organization_id = :organization and endpoint_id = :endpoint and status = 'waiting'
     and entity <> '' and cause <> 'ping'
   order by entity, turn)
) as firsts
""")
_OUTCOMES: Final = text("""
select o.id, o.document from unnest(cast(:projects as text[]), cast(:outcomes as text[]))
  as wanted (project_id, id)
join outcomes as o on o.organization_id = :organization and o.project_id = wanted.project_id
  and o.id = wanted.id
""")
_GIVE_UP: Final = text("""
update webhook_deliveries set status = 'failed', ended_at = :at, reason = :reason
where organization_id = :organization and id in (
  select id from webhook_deliveries
  where organization_id = :organization and endpoint_id = :endpoint and status = 'waiting'
    and created_at <= :before
  order by created_at, id limit :most)
returning id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    """Hold a delivery that is to be tried, with its event; None: the event is gone."""

    delivery: Delivery
    event: EventToSend | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDue:
    """Say what of a lane is asked for.

    Attributes:
        most: deliveries in all.
        each: of an entity whose order is kept.
        held: ids and entities that are under way.
    """

    at: datetime
    ordered: bool
    most: int
    each: int
    held: Collection[str] = field(default=())


async def due_deliveries(
    connection: AsyncConnection, lane: Lane, wanted: WantedDue
) -> tuple[tuple[DueDelivery, ...], ...]:
    """Return what is due in a lane, the oldest first: lines, of which each is sent in its order."""
    given = {
        "organization": lane.organization_id,
        "endpoint": lane.endpoint_id,
        "held": sorted(wanted.held),
        "most": wanted.most,
    }
    rows = await connection.execute(_DUE, {**given, "at": wanted.at, "ordered": wanted.ordered})
    lines: list[tuple[DueDelivery, ...]] = [(_due(row, lane.organization_id),) for row in rows]
    if wanted.ordered:
        found = await connection.execute(_IN_LINE, {**given, "each": wanted.each})
        lines += _lines([_due(row, lane.organization_id) for row in found], at=wanted.at)
    return tuple(lines)


async def next_due(connection: AsyncConnection, lane: Lane, *, ordered: bool) -> datetime | None:
    """Return when the next delivery of a lane is due, or was."""
    values = {"organization": lane.organization_id, "endpoint": lane.endpoint_id}
    asked = _NEXT_IN_LINE if ordered else _NEXT_DUE
    found: datetime | None = (await connection.execute(asked, values)).scalar_one()
    return found


async def outcomes_of(
    connection: AsyncConnection, organization_id: str, wanted: Collection[tuple[str, str]]
) -> dict[str, str]:
    """Return the documents of outcomes by their ids; those are given behind their projects'."""
    values = {
        "organization": organization_id,
        "projects": [project for project, _ in wanted],
        "outcomes": [outcome for _, outcome in wanted],
    }
    rows = await connection.execute(_OUTCOMES, values)
    return {row.id: row.document for row in rows}


async def give_up_before(  # whose, which, and what is written of them
    connection: AsyncConnection, lane: Lane, *, before: datetime, at: datetime, reason: str
) -> int:
    """Fail deliveries that are too old to be tried, a few hundred at a time; return how many."""
    values = {
        "organization": lane.organization_id,
        "endpoint": lane.endpoint_id,
        "before": before,
        "at": at,
        "reason": reason,
        "most": 500,
    }
    return len((await connection.execute(_GIVE_UP, values)).all())


def _lines(found: Sequence[DueDelivery], *, at: datetime) -> list[tuple[DueDelivery, ...]]:
    """Return each entity's deliveries up to the first one that is not due."""
    lines: dict[str, list[DueDelivery]] = {}
    stopped: set[str] = set()
    for item in found:
        entity = item.delivery.entity
        if item.delivery.due_at > at:
            stopped.add(entity)
        if entity not in stopped:
            lines.setdefault(entity, []).append(item)
    return [tuple(line) for line in lines.values()]


def _due(row: Any, organization_id: str) -> DueDelivery:  # noqa: ANN401  # a row of either query
    delivery = Delivery(
        id=row.id,
        endpoint_id=row.endpoint_id,
        event_id=row.event_id,
        event_type=row.event_type,
        cause=DeliveryCause(row.cause),
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        entity=row.entity,
        due_at=row.due_at,
        created_at=row.created_at,
        ended_at=row.ended_at,
        reason=row.reason,
    )
    if row.found is None:
        return DueDelivery(delivery=delivery, event=None)
    event = EventToSend(
        id=row.event_id,
        type=row.type,
        organization_id=organization_id,
        project_id=row.project_id,
        document=row.document,
        created_at=row.happened_at,
    )
    return DueDelivery(delivery=delivery, event=event)
