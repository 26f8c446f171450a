"""Read what was delivered to webhooks, of a project or of the organization itself."""

from __future__ import annotations

from datetime import datetime

from runtime.domain.errors import CursorUnknownError
from runtime.domain.webhook import Delivery, DeliveryStatus
from runtime.entrypoints.graphql.call import Info, asked
from runtime.entrypoints.graphql.connections import Connection, Page, connected
from runtime.entrypoints.graphql.inputs import one_of
from runtime.entrypoints.graphql.wiring import WebhookDelivery, sent_shown, sent_told
from runtime.kit.json_value import JsonValue
from runtime.services.webhooks.rights import WebhookPlace
from runtime.store.webhook_deliveries import WantedDeliveries


async def deliveries_in(
    info: Info, place: WebhookPlace, webhook: str, *, page: Page, status: str | None
) -> Connection[WebhookDelivery]:
    """Return deliveries to a webhook, the newest first.

    Raises:
        RequestValidationError: there is no such status.
        CursorUnknownError: the cursor is of another list.
    """
    wanted = one_of(DeliveryStatus, status, argument="status")
    found = await asked(
        info,
        lambda services, context: services.webhooks.deliveries.list(
            context,
            place,
            endpoint_id=webhook,
            wanted=WantedDeliveries(statuses=() if wanted is None else (wanted,)),
            before=_before(page),
            limit=page.limit + 1,
        ),
    )
    return await connected(found, page, key_of=_key, shown=sent_shown)


async def delivery_in(
    info: Info, place: WebhookPlace, webhook: str, *, delivery: str
) -> WebhookDelivery:
    """Return a delivery with each attempt, the first one first."""
    return sent_told(
        await asked(
            info,
            lambda services, context: services.webhooks.deliveries.read(
                context, place, endpoint_id=webhook, delivery_id=delivery
            ),
        )
    )


def _key(delivery: Delivery) -> JsonValue:
    return [delivery.created_at.isoformat(), delivery.id]


def _before(page: Page) -> tuple[datetime, str] | None:
    match page.after:
        case None:
            return None
        case [str() as text, str() as delivery_id] if "\0" not in delivery_id:
            try:
                at = datetime.fromisoformat(text)
            except ValueError:
                at = None
            if at is not None and at.tzinfo is not None:
                return at, delivery_id
    raise CursorUnknownError(found="it is of another list")
