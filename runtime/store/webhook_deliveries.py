"""Keep deliveries to endpoints and each attempt at them, for people to list and to send again.

Who sends them reads and ends them through `webhook_sending`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    Select,
    Text,
    select,
    text,
    tuple_,
)
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.webhook import (
    Delivery,
    DeliveryAttempt,
    DeliveryCause,
    DeliveryStatus,
)
from runtime.store.base import Id, Instant, Row

MOST_ATTEMPTS: Final = 1_000
"""That are listed of a delivery."""

_INSERT: Final = text("""
insert into webhook_deliveries (organization_id, id, endpoint_id, event_id, event_type, cause,
  status, attempts, entity, resent, due_at, created_at)
select :organization, given.id, given.endpoint_id, given.event_id, given.event_type, :cause,
  'waiting', 0, given.entity, false, :at, :at
from unnest(cast(:ids as text[]), cast(:endpoints as text[]), cast(:events as text[]),
    cast(:types as text[]), cast(:entities as text[]))
  with ordinality as given (id, endpoint_id, event_id, event_type, entity, place)
order by given.place
on conflict do nothing
returning id
""")


class DeliveryRow(Row):
    """An event on its way to one endpoint."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("cause in ('event', 'resent', 'ping')", name="cause_check"),
        CheckConstraint("status in ('waiting', 'delivered', 'failed')", name="status_check"),
        CheckConstraint("(status = 'waiting') = (ended_at is null)", name="end_check"),
        ForeignKeyConstraint(
            ["organization_id", "endpoint_id"],
            ["webhook_endpoints.organization_id", "webhook_endpoints.id"],
            ondelete="CASCADE",
        ),
        Index(
            "webhook_deliveries_event",
            "organization_id",
            "endpoint_id",
            "event_id",
            unique=True,
            postgresql_where=text("cause = 'event'"),
        ),
        Index(
            "webhook_deliveries_due",
            "organization_id",
            "endpoint_id",
            "due_at",
            "turn",
            postgresql_where=text("status = 'waiting'"),
        ),
        Index(
            "webhook_deliveries_line",
            "organization_id",
            "endpoint_id",
            "entity",
            "turn",
            postgresql_where=text("status = 'waiting' and entity <> ''"),
        ),
        Index("webhook_deliveries_list", "organization_id", "endpoint_id", "created_at", "id"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    endpoint_id: Mapped[Id]
    event_id: Mapped[Id]
    event_type: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(BigInteger)
    entity: Mapped[Id]
    turn: Mapped[int] = mapped_column(BigInteger, Identity())
    resent: Mapped[bool]
    due_at: Mapped[Instant]
    created_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    reason: Mapped[str | None] = mapped_column(Text)


class DeliveryAttemptRow(Row):
    """One try of a delivery, and what was answered."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "delivery_id"],
            ["webhook_deliveries.organization_id", "webhook_deliveries.id"],
            ondelete="CASCADE",
        ),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    delivery_id: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[Instant]
    status_code: Mapped[int | None] = mapped_column(BigInteger)
    took_ms: Mapped[int] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDeliveries:
    """Say which deliveries of an endpoint are meant; what is empty lets all through.

    Attributes:
        types: of events, exactly.
        since: created then or later.
        until: created before.
    """

    statuses: tuple[DeliveryStatus, ...] = ()
    types: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """Name what is to be delivered where."""

    id: str
    endpoint_id: str
    event_id: str
    event_type: str
    entity: str


async def add_deliveries(
    connection: AsyncConnection,
    deliveries: Sequence[NewDelivery],
    *,
    organization_id: str,
    cause: DeliveryCause,
    at: datetime,
) -> int:
    """Let deliveries wait, in this order, and return how many are new; those there stay as is.

    `webhook_lanes.wake_lanes` has to follow in the same transaction.
    """
    values = {
        "organization": organization_id,
        "cause": cause.value,
        "at": at,
        "ids": [item.id for item in deliveries],
        "endpoints": [item.endpoint_id for item in deliveries],
        "events": [item.event_id for item in deliveries],
        "types": [item.event_type for item in deliveries],
        "entities": [item.entity for item in deliveries],
    }
    return len((await connection.execute(_INSERT, values)).all())


async def deliveries_before(
    connection: AsyncConnection,
    endpoint_id: str,
    wanted: WantedDeliveries,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> tuple[Delivery, ...]:
    """Return deliveries of an endpoint, the newest first.

    Args:
        connection: of the organization's transaction.
        endpoint_id: whose.
        wanted: which.
        before: `created_at` and `id` of the last one that was returned; None for the first page.
        limit: how many.
    """
    row = DeliveryRow
    asked = of_endpoint(all_deliveries(), endpoint_id, wanted)
    if before is not None:
        asked = asked.where(tuple_(row.created_at, row.id) < tuple_(*before))
    asked = asked.order_by(row.created_at.desc(), row.id.desc()).limit(limit)
    return tuple(map(delivery_of, await connection.execute(asked)))


async def find_delivery(
    connection: AsyncConnection, endpoint_id: str, delivery_id: str
) -> Delivery | None:
    """Return a delivery of an endpoint."""
    row = DeliveryRow
    asked = all_deliveries().where(row.id == delivery_id, row.endpoint_id == endpoint_id).limit(1)
    found = (await connection.execute(asked)).first()
    return None if found is None else delivery_of(found)


async def attempts_of(connection: AsyncConnection, delivery_id: str) -> tuple[DeliveryAttempt, ...]:
    """Return the attempts at a delivery, the first one first."""
    row = DeliveryAttemptRow
    asked = (
        select(*row.__table__.columns)
        .where(row.delivery_id == delivery_id)
        .order_by(row.number)
        .limit(MOST_ATTEMPTS)
    )
    return tuple(
        DeliveryAttempt(
            delivery_id=found.delivery_id,
            number=found.number,
            at=found.at,
            status_code=found.status_code,
            took_ms=found.took_ms,
            error=found.error,
            body=found.body,
            request_id=found.request_id,
        )
        for found in await connection.execute(asked)
    )


def of_endpoint(asked: Select[Any], endpoint_id: str, wanted: WantedDeliveries) -> Select[Any]:
    """Ask for those deliveries of an endpoint only that are meant."""
    row = DeliveryRow
    asked = asked.where(row.endpoint_id == endpoint_id)
    if wanted.statuses:
        asked = asked.where(row.status.in_([item.value for item in wanted.statuses]))
    if wanted.types:
        asked = asked.where(row.event_type.in_(wanted.types))
    if wanted.since is not None:
        asked = asked.where(row.created_at >= wanted.since)
    if wanted.until is not None:
        asked = asked.where(row.created_at < wanted.until)
    return asked


def all_deliveries() -> Select[Any]:
    """Ask for whole deliveries."""
    return select(*DeliveryRow.__table__.columns)


def delivery_of(row: Found[Any]) -> Delivery:
    """Return a delivery as it was found."""
    return Delivery(
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
