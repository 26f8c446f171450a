"""Delete deliveries that ended long ago and events that nobody needs any more, a few at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.store.ended_jobs import Deleted

_DELIVERIES: Final = text("""
with seen as (
  select id, status, created_at from webhook_deliveries
  where organization_id = :organization and id > :after and created_at < :ended_before
  order by id limit :most
), gone as (
  delete from webhook_deliveries as d using seen
  where d.organization_id = :organization and d.id = seen.id
    and (seen.status <> 'waiting' or seen.created_at < :before)
  returning d.id
)
select (select max(id) from seen) as last, (select count(*) from gone) as rows
""")
# An event that waits for a fan-out or in a lane is needed, however old it is.
_EVENTS: Final = text("""
with seen as (
  select id from events
  where organization_id = :organization and created_at < :before and id > :after
  order by id limit :most
), gone as (
  delete from events as e using seen
  where e.organization_id = :organization and e.id = seen.id
    and e.id not in (select event_id from event_outbox where tenant = :organization)
    and e.id not in (
      select event_id from webhook_deliveries
      where organization_id = :organization and status = 'waiting')
  returning e.id
)
select (select max(id) from seen) as last, (select count(*) from gone) as rows
""")


async def forget_deliveries(
    connection: AsyncConnection,
    *,
    organization_id: str,
    after: str,
    ended_before: datetime,
    before: datetime,
    most: int,
) -> Deleted:
    """Look at the next deliveries of the transaction's organization, and delete old ones.

    Args:
        connection: of the organization's transaction.
        organization_id: whose.
        after: behind which id to look.
        ended_before: what came to be before goes, if it ended.
        before: what came to be before goes, even if it waits: its endpoint is off.
        most: how many are looked at.
    """
    values = {
        "organization": organization_id,
        "after": after,
        "ended_before": ended_before,
        "before": before,
        "most": most,
    }
    row = (await connection.execute(_DELIVERIES, values)).one()
    return Deleted(jobs=row.rows, last=row.last)


async def forget_events(
    connection: AsyncConnection, *, organization_id: str, after: str, before: datetime, most: int
) -> Deleted:
    """Look at the next events of the transaction's organization, and delete old ones."""
    values = {"organization": organization_id, "after": after, "before": before, "most": most}
    row = (await connection.execute(_EVENTS, values)).one()
    return Deleted(jobs=row.rows, last=row.last)
