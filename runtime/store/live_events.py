"""Read events of projects in the order in which they became visible, from a place on.

A place is a transaction's number and an event's id. Only events of transactions below the oldest
one that still writes are read: whatever commits later has a later place, so nothing is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import StorageUnavailableError
from runtime.store.session import Database, read_row

_HORIZON: Final = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as position"
_AFTER: Final = text(
    """
    select found.project_id, found.position, found.id, found.type, found.document, found.created_at
    from unnest(:projects, :positions, :ids) as watched (project_id, position, id)
    cross join lateral (
      select events.project_id, events.position, events.id, events.type, events.document,
        events.created_at
      from events
      where events.organization_id = :organization and events.project_id = watched.project_id
        and (events.position, events.id collate "C") > (watched.position, watched.id collate "C")
        and events.position < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
      order by events.position, events.id
      limit :most
    ) as found
    order by found.position, found.id
    """
).bindparams(
    bindparam("projects", type_=ARRAY(Text)),
    bindparam("positions", type_=ARRAY(BigInteger)),
    bindparam("ids", type_=ARRAY(Text)),
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class EventPlace:
    """Say where in a project's events somebody is; events behind it are still to be read."""

    position: int
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """Hold an event as it is stored; `document` is canonical JSON."""

    place: EventPlace
    project_id: str
    type: str
    document: str
    created_at: datetime


async def horizon(database: Database) -> EventPlace:
    """Return the place of now: what is behind it can be read already, or was committed before.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _HORIZON)
    if row is None:
        raise StorageUnavailableError(reason="no answer", sent=False)
    return EventPlace(position=row["position"])


async def events_after(
    connection: AsyncConnection,
    places: Mapping[str, EventPlace],
    *,
    organization_id: str,
    most: int,
) -> Sequence[StoredEvent]:
    """Return what comes after a place of each project, at most so many of each, in order."""
    watched = sorted(places.items())
    rows = await connection.execute(
        _AFTER,
        {
            "organization": organization_id,
            "projects": [project for project, _ in watched],
            "positions": [place.position for _, place in watched],
            "ids": [place.id for _, place in watched],
            "most": most,
        },
    )
    return [
        StoredEvent(
            place=EventPlace(position=row.position, id=row.id),
            project_id=row.project_id,
            type=row.type,
            document=row.document,
            created_at=row.created_at,
        )
        for row in rows
    ]
