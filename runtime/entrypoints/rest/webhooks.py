"""Make, change, list and remove webhooks: endpoints of others that hear of events."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from fastapi import Response

from runtime.domain.webhook import Endpoint
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.webhook_documents import (
    NewWebhookOut,
    WebhookChangeIn,
    WebhookDetailOut,
    WebhookIn,
    WebhookOut,
    WebhookRotationIn,
)
from runtime.entrypoints.rest.webhook_places import BothPlaces, PlaceOf
from runtime.services.webhooks.documents import endpoint_document
from runtime.services.webhooks.secrets import Rotation

routes: Final = BothPlaces()


@routes.served("GET", "")
async def list_webhooks(
    place: PlaceOf, context: Reading, services: ServicesOf, page: Paging
) -> PageOut[WebhookOut]:
    """Return the webhooks of a project, or those of the organization itself."""
    found = await services.webhooks.endpoints.list(
        context, place, after=page.after_text, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.id, shown=_webhook)


@routes.served("POST", "", status_code=HTTPStatus.CREATED, response_model=NewWebhookOut)
async def create_webhook(
    place: PlaceOf, body: WebhookIn, context: Writing, services: ServicesOf
) -> Response:
    """Make a webhook; the answer is the only place that ever shows its secret."""
    return answered(await services.webhooks.endpoints.create(context, place, wish=body.wish()))


@routes.served("POST", "/{webhook_id}:enable", response_model=WebhookOut)
async def enable_webhook(
    place: PlaceOf, webhook_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Send to a webhook again, as if it had never failed; what waits goes on."""
    return answered(
        await services.webhooks.endpoints.enable(context, place, endpoint_id=webhook_id)
    )


@routes.served("POST", "/{webhook_id}:disable", response_model=WebhookOut)
async def disable_webhook(
    place: PlaceOf, webhook_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Send nothing more to a webhook until it is enabled."""
    return answered(
        await services.webhooks.endpoints.disable(context, place, endpoint_id=webhook_id)
    )


@routes.served(
    "POST",
    "/{webhook_id}:rotate-secret",
    status_code=HTTPStatus.CREATED,
    response_model=NewWebhookOut,
)
async def rotate_webhook_secret(
    place: PlaceOf,
    webhook_id: str,
    context: Writing,
    services: ServicesOf,
    body: WebhookRotationIn | None = None,
) -> Response:
    """Sign with a new secret; until the overlap has passed, the one before signs as well."""
    asked = body or WebhookRotationIn()
    wish = Rotation(
        scheme=asked.scheme, overlap=timedelta(seconds=asked.overlap_s), only=asked.only
    )
    return answered(
        await services.webhooks.secrets.rotate(context, place, endpoint_id=webhook_id, wish=wish)
    )


@routes.served("PATCH", "/{webhook_id}", response_model=WebhookOut)
async def change_webhook(
    place: PlaceOf,
    webhook_id: str,
    body: WebhookChangeIn,
    context: Writing,
    services: ServicesOf,
) -> Response:
    """Change how or what a webhook is sent; what is left out stays."""
    return answered(
        await services.webhooks.endpoints.change(
            context, place, endpoint_id=webhook_id, change=body.change()
        )
    )


@routes.served("DELETE", "/{webhook_id}", response_model=WebhookOut)
async def remove_webhook(
    place: PlaceOf, webhook_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Forget a webhook, its secrets and what was or is to be delivered to it."""
    return answered(
        await services.webhooks.endpoints.remove(context, place, endpoint_id=webhook_id)
    )


@routes.served("GET", "/{webhook_id}")
async def read_webhook(
    place: PlaceOf, webhook_id: str, context: Reading, services: ServicesOf
) -> WebhookDetailOut:
    """Return a webhook, and of its secrets how and until when they sign."""
    return WebhookDetailOut.model_validate(
        await services.webhooks.endpoints.read(context, place, endpoint_id=webhook_id)
    )


def _webhook(endpoint: Endpoint) -> WebhookOut:
    return WebhookOut.model_validate(endpoint_document(endpoint))
