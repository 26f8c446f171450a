"""Keep what was delivered to hooks: by what its sender signed as its id, each acts once."""

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
    delete,
    select,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.hook import Delivery, DeliveryStatus
from runtime.store.base import Id, Instant, Row


class HookDeliveryRow(Row):
    """What was delivered to a hook, and what came of it; the body itself is not kept."""

    __tablename__ = "hook_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "hook_id"],
            ["hooks.organization_id", "hooks.id"],
            ondelete="CASCADE",
        ),
        CheckConstraint(
            "status in ('received', 'executed', 'skipped', 'failed')", name="status_check"
        ),
        CheckConstraint("open_tries >= 0", name="open_tries_check"),
        Index("hook_deliveries_named", "organization_id", "hook_id", "named", unique=True),
        Index("hook_deliveries_age", "organization_id", "hook_id", "received_at"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    hook_id: Mapped[Id]
    named: Mapped[str] = mapped_column(Text)
    body_digest: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    outcome_id: Mapped[Id | None]
    tries: Mapped[int] = mapped_column(BigInteger)
    open_tries: Mapped[int] = mapped_column(BigInteger)
    claimed_at: Mapped[Instant]
    received_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]


async def held_delivery(
    connection: AsyncConnection, delivery: Delivery, *, organization_id: str
) -> Delivery:
    """Return what is stored under the name of a delivery, which is this one if it is the first.

    The row stays as it is until the transaction ends (`for update`): of two that come at once, the
    second one sees what the first one left.
    """
    row = HookDeliveryRow
    await connection.execute(
        insert(row)
        .values(
            organization_id=organization_id,
            id=delivery.id,
            hook_id=delivery.hook_id,
            named=delivery.named,
            body_digest=delivery.body_digest,
            received_at=delivery.received_at,
            **_changeable(delivery),
        )
        .on_conflict_do_nothing(index_elements=["organization_id", "hook_id", "named"])
    )
    asked = (
        _deliveries()
        .where(row.hook_id == delivery.hook_id, row.named == delivery.named)
        .limit(1)
        .with_for_update()
    )
    return _delivery((await connection.execute(asked)).one())


async def keep_delivery(connection: AsyncConnection, delivery: Delivery) -> None:
    """Store what may change of a delivery, which this transaction holds."""
    row = HookDeliveryRow
    await connection.execute(
        update(row).where(row.id == delivery.id).values(**_changeable(delivery))
    )


async def held_delivery_of(connection: AsyncConnection, delivery_id: str) -> Delivery | None:
    """Return a delivery that this transaction is about to change (`for update`)."""
    row = HookDeliveryRow
    asked = _deliveries().where(row.id == delivery_id).limit(1).with_for_update()
    found = (await connection.execute(asked)).first()
    return None if found is None else _delivery(found)


async def deliveries_before(
    connection: AsyncConnection, before: str | None, *, limit: int, hook_id: str
) -> tuple[Delivery, ...]:
    """Return what was delivered to a hook, the newest first."""
    row = HookDeliveryRow
    asked = _deliveries().where(row.hook_id == hook_id).order_by(row.id.desc()).limit(limit)
    if before is not None:
        asked = asked.where(row.id < before)
    return tuple(map(_delivery, await connection.execute(asked)))


async def forget_deliveries(
    connection: AsyncConnection, hook_id: str, *, before: datetime, limit: int
) -> int:
    """Delete deliveries to a hook that came earlier; return how many.

    One that another transaction works with is left: nobody is waited for.
    """
    row = HookDeliveryRow
    old = (
        select(row.id)
        .where(row.hook_id == hook_id, row.received_at < before)
        .order_by(row.received_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("old")  # asked once: as a plain subquery it might be asked again for each row
    )
    gone = await connection.execute(
        delete(row).where(row.id.in_(select(old.c.id))).returning(row.id)
    )
    return len(gone.all())


def _changeable(delivery: Delivery) -> dict[str, Any]:
    return {
        "status": delivery.status.value,
        "reason": delivery.reason,
        "outcome_id": delivery.outcome_id,
        "tries": delivery.tries,
        "open_tries": delivery.open_tries,
        "claimed_at": delivery.claimed_at,
        "ended_at": delivery.ended_at,
    }


def _deliveries() -> Select[*tuple[Any, ...]]:
    row = HookDeliveryRow
    return select(
        row.id,
        row.hook_id,
        row.named,
        row.body_digest,
        row.status,
        row.reason,
        row.outcome_id,
        row.tries,
        row.open_tries,
        row.claimed_at,
        row.received_at,
        row.ended_at,
    )


def _delivery(row: Found[*tuple[Any, ...]]) -> Delivery:
    return Delivery(
        id=row.id,
        hook_id=row.hook_id,
        named=row.named,
        body_digest=row.body_digest,
        status=DeliveryStatus(row.status),
        reason=row.reason,
        outcome_id=row.outcome_id,
        tries=row.tries,
        open_tries=row.open_tries,
        claimed_at=row.claimed_at,
        received_at=row.received_at,
        ended_at=row.ended_at,
    )
