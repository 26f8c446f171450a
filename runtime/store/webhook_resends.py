"""Let deliveries be made again, or as a test, because a person asked for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.webhook import Delivery, DeliveryCause, DeliveryStatus, Endpoint
from runtime.store.webhook_deliveries import (
    DeliveryRow,
    NewDelivery,
    WantedDeliveries,
    add_deliveries,
    all_deliveries,
    delivery_of,
    of_endpoint,
)

PING_TYPE: Final = "endpoint.ping"
_RESENDABLE: Final = (
    DeliveryRow.status != DeliveryStatus.WAITING.value,
    DeliveryRow.cause != DeliveryCause.PING.value,
    ~DeliveryRow.resent,
)


async def resend(
    connection: AsyncConnection,
    endpoint: Endpoint,
    delivery: Delivery,
    *,
    new_id: str,
    at: datetime,
) -> None:
    """Let the event of a delivery be delivered again; `wake_lane` has to follow.

    A ping is not resent: make another one.
    """
    await _resent(connection, endpoint, [delivery], new_ids=[new_id], at=at)


async def resend_matching(
    connection: AsyncConnection,
    endpoint: Endpoint,
    wanted: WantedDeliveries,
    *,
    new_id: Callable[[], str],
    at: datetime,
    most: int,
) -> int:
    """Let the oldest of these deliveries be delivered again, and return how many that were.

    Those that were resent before, and pings, are left out; so who asks again goes on.
    `wake_lane` has to follow.
    """
    asked = of_endpoint(all_deliveries(), endpoint.id, wanted).where(*_RESENDABLE)
    asked = asked.order_by(DeliveryRow.created_at, DeliveryRow.id).limit(most)
    rows = await connection.execute(asked.with_for_update(skip_locked=True, key_share=True))
    found = [delivery_of(row) for row in rows]
    if found:
        new_ids = [new_id() for _ in found]
        await _resent(connection, endpoint, found, new_ids=new_ids, at=at)
    return len(found)


async def count_resendable(
    connection: AsyncConnection, endpoint_id: str, wanted: WantedDeliveries, *, most: int
) -> int:
    """Return how many deliveries `resend_matching` would find, counted up to `most`."""
    asked = of_endpoint(select(DeliveryRow.id), endpoint_id, wanted).where(*_RESENDABLE).limit(most)
    counted = select(func.count()).select_from(asked.subquery())
    return int((await connection.execute(counted)).scalar_one())


async def add_ping(
    connection: AsyncConnection,
    endpoint: Endpoint,
    *,
    delivery_id: str,
    principal_id: str,
    at: datetime,
) -> Delivery:
    """Let a test wait for an endpoint; `wake_lane` has to follow.

    Its event stands nowhere but in the delivery: `evt_` with the letters of the delivery's id, of
    type `endpoint.ping`, and by whom it was asked for is kept in the place of what its order is
    kept by. It goes to this endpoint only, whatever that listens to.
    """
    made = Delivery(
        id=delivery_id,
        endpoint_id=endpoint.id,
        event_id=f"evt_{delivery_id.rpartition('_')[2]}",
        event_type=PING_TYPE,
        cause=DeliveryCause.PING,
        status=DeliveryStatus.WAITING,
        attempts=0,
        entity=principal_id,
        due_at=at,
        created_at=at,
    )
    await add_deliveries(
        connection,
        [_again(made, new_id=delivery_id)],
        organization_id=endpoint.organization_id,
        cause=DeliveryCause.PING,
        at=at,
    )
    return made


async def _resent(
    connection: AsyncConnection,
    endpoint: Endpoint,
    deliveries: Sequence[Delivery],
    *,
    new_ids: Sequence[str],
    at: datetime,
) -> None:
    row = DeliveryRow
    await add_deliveries(
        connection,
        [_again(item, new_id=made) for item, made in zip(deliveries, new_ids, strict=True)],
        organization_id=endpoint.organization_id,
        cause=DeliveryCause.RESENT,
        at=at,
    )
    ids = [item.id for item in deliveries]
    await connection.execute(update(row).where(row.id.in_(ids)).values(resent=True))


def _again(delivery: Delivery, *, new_id: str) -> NewDelivery:
    return NewDelivery(
        id=new_id,
        endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        entity=delivery.entity,
    )
