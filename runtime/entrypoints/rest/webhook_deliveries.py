"""Show what was delivered to webhooks, have it delivered again, and ask for a test."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.webhook import Delivery, DeliveryCause, DeliveryStatus
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import Page, PageOut, Paging, paged
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError
from runtime.entrypoints.rest.texts import InstantText
from runtime.entrypoints.rest.webhook_documents import TypeText
from runtime.entrypoints.rest.webhook_places import BothPlaces, PlaceOf
from runtime.kit.json_value import JsonValue
from runtime.services.webhooks.deliveries import MOST_AGAIN, MOST_COUNTED, Again
from runtime.services.webhooks.documents import delivery_document
from runtime.store.webhook_deliveries import WantedDeliveries

MOST_TYPES: Final = 50

routes: Final = BothPlaces()


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ended(StrEnum):
    """Name how deliveries end."""

    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryOut(_Wire):
    """Say how a delivery stands.

    Attributes:
        event: the id of what happened, which is sent as `webhook-id` in every attempt.
        attempts: how many were made.
        due_at: when it is tried next; null: never again.
        reason: why it failed, or why the last attempt did.
    """

    id: str
    event: str
    type: str
    cause: DeliveryCause
    status: DeliveryStatus
    attempts: int
    due_at: datetime | None
    reason: str | None
    created_at: datetime
    ended_at: datetime | None


class AttemptOut(_Wire):
    """Say what one attempt came to.

    Attributes:
        status_code: of the answer; null: there was none, and `error` says why.
        body: the begin of the answer, without what looks secret.
        request_id: what the endpoint called the request.
    """

    number: int
    at: datetime
    status_code: int | None
    took_ms: int
    error: str | None
    body: str
    request_id: str | None


class DeliveryDetailOut(DeliveryOut):
    """Say how a delivery stands, with each attempt."""

    tries: tuple[AttemptOut, ...]


class ResendIn(_Wire):
    """Say which ended deliveries are to be made again, each once.

    Attributes:
        types: of events; none: all.
        since: made then or later.
        until: made before.
        most: of those, the oldest first.
        dry_run: count them, and do nothing.
    """

    status: Annotated[tuple[Ended, ...], Field(min_length=1, max_length=2)] = (Ended.FAILED,)
    types: Annotated[tuple[TypeText, ...], Field(max_length=MOST_TYPES)] = ()
    since: InstantText | None = None
    until: InstantText | None = None
    most: Annotated[int, Field(ge=1, le=MOST_AGAIN)] = MOST_AGAIN
    dry_run: bool = False


class ResentOut(_Wire):
    """Say how many deliveries are made again.

    Attributes:
        left: that match and were not made again; counted up to 10,000.
    """

    resent: int
    left: Annotated[int, Field(le=MOST_COUNTED)]
    dry_run: bool


Statuses = Annotated[
    list[DeliveryStatus] | None, Query(alias="status", description="Without it: any.")
]
Types = Annotated[
    list[TypeText] | None,
    Query(alias="type", max_length=MOST_TYPES, description="Of events. Without it: any."),
]
Since = Annotated[InstantText | None, Query(description="Made then or later")]
Until = Annotated[InstantText | None, Query(description="Made before")]


@routes.served("POST", "/{webhook_id}:ping", response_model=DeliveryOut)
async def ping_webhook(
    place: PlaceOf, webhook_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Let a test be delivered to a webhook, whatever it listens to; see its deliveries."""
    return answered(await services.webhooks.deliveries.ping(context, place, endpoint_id=webhook_id))


@routes.served("POST", "/{webhook_id}:resend", response_model=ResentOut)
async def resend_deliveries(
    place: PlaceOf, webhook_id: str, body: ResendIn, context: Writing, services: ServicesOf
) -> Response:
    """Have ended deliveries made again: the failed ones, if nothing else is said."""
    again = Again(
        wanted=WantedDeliveries(
            statuses=tuple(DeliveryStatus(item.value) for item in body.status),
            types=body.types,
            since=body.since,
            until=body.until,
        ),
        most=body.most,
        dry_run=body.dry_run,
    )
    return answered(
        await services.webhooks.deliveries.resend_matching(
            context, place, endpoint_id=webhook_id, again=again
        )
    )


@routes.served("POST", "/{webhook_id}/deliveries/{delivery_id}:resend", response_model=DeliveryOut)
async def resend_delivery(
    place: PlaceOf, webhook_id: str, delivery_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Have the event of a delivery delivered again, under the id that it had."""
    return answered(
        await services.webhooks.deliveries.resend(
            context, place, endpoint_id=webhook_id, delivery_id=delivery_id
        )
    )


@routes.served("GET", "/{webhook_id}/deliveries")
async def list_webhook_deliveries(
    place: PlaceOf,
    webhook_id: str,
    context: Reading,
    services: ServicesOf,
    page: Paging,
    *,
    status: Statuses = None,
    types: Types = None,
    since: Since = None,
    until: Until = None,
) -> PageOut[DeliveryOut]:
    """Return deliveries to a webhook, the newest first."""
    wanted = WantedDeliveries(
        statuses=tuple(status or ()), types=tuple(types or ()), since=since, until=until
    )
    found = await services.webhooks.deliveries.list(
        context,
        place,
        endpoint_id=webhook_id,
        wanted=wanted,
        before=_before(page),
        limit=page.limit + 1,
    )
    return paged(found, page, key_of=_key, shown=_delivery)


@routes.served("GET", "/{webhook_id}/deliveries/{delivery_id}")
async def read_webhook_delivery(
    place: PlaceOf, webhook_id: str, delivery_id: str, context: Reading, services: ServicesOf
) -> DeliveryDetailOut:
    """Return a delivery with each attempt, the first one first."""
    return DeliveryDetailOut.model_validate(
        await services.webhooks.deliveries.read(
            context, place, endpoint_id=webhook_id, delivery_id=delivery_id
        )
    )


def _key(delivery: Delivery) -> JsonValue:
    return [delivery.created_at.isoformat(), delivery.id]


def _before(page: Page) -> tuple[datetime, str] | None:
    """Return behind which delivery a page begins.

    Raises:
        ProblemError: CURSOR_INVALID for a cursor of another list.
    """
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
    raise ProblemError(
        ProblemCode.CURSOR_INVALID,
        "the cursor can't be used: it is of another list; send `next_cursor` of the page before, "
        "unchanged",
    )


def _delivery(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut.model_validate(delivery_document(delivery))
