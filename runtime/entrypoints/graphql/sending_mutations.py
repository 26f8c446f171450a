"""Have deliveries to webhooks made again, and ask for a test."""

from __future__ import annotations

import strawberry

from runtime.domain.webhook import DeliveryStatus
from runtime.entrypoints.graphql.call import Info, changed
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.inputs import instant_of, one_of, texts_of, unfit, within
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.places import webhooks_of
from runtime.entrypoints.graphql.scalars import Instant
from runtime.entrypoints.graphql.wiring import Resent, WebhookDelivery, sent_told
from runtime.services.webhooks.deliveries import MOST_AGAIN, Again
from runtime.store.webhook_deliveries import WantedDeliveries

MOST_TYPES = 50
ENDED = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.FAILED})


@strawberry.input(description="Which ended deliveries are to be made again, each once.")
class ResendInput:
    """Choose deliveries; `dryRun` only counts them."""

    status: list[str] = strawberry.field(default_factory=lambda: [DeliveryStatus.FAILED.value])
    types: list[str] = strawberry.field(default_factory=list)
    since: Instant | None = None
    until: Instant | None = None
    most: int = MOST_AGAIN
    dry_run: bool = False


@strawberry.type
class SendingMutations:
    """Have events delivered; without a project, to a webhook of the organization."""

    @mutation(description="Let a test be delivered to a webhook, whatever it listens to.")
    async def ping_webhook(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
        *,
        project: strawberry.ID | None = None,
    ) -> WebhookDelivery | None:
        """Return the delivery."""
        place = webhooks_of(info, project)
        return sent_told(
            await changed(
                info,
                lambda services, context: services.webhooks.deliveries.ping(
                    context, place, endpoint_id=id
                ),
            )
        )

    @mutation(description="Have the event of a delivery delivered again, under its id.")
    async def resend_delivery(
        self,
        info: Info,
        webhook: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        project: strawberry.ID | None = None,
    ) -> WebhookDelivery | None:
        """Return the new delivery."""
        place = webhooks_of(info, project)
        return sent_told(
            await changed(
                info,
                lambda services, context: services.webhooks.deliveries.resend(
                    context, place, endpoint_id=webhook, delivery_id=id
                ),
            )
        )

    @mutation(description="Have ended deliveries made again: failed ones, if nothing else is said.")
    async def resend_deliveries(
        self,
        info: Info,
        webhook: strawberry.ID,
        deliveries: ResendInput,
        *,
        project: strawberry.ID | None = None,
    ) -> Resent | None:
        """Return how many."""
        place, again = webhooks_of(info, project), _again(deliveries)
        document = await changed(
            info,
            lambda services, context: services.webhooks.deliveries.resend_matching(
                context, place, endpoint_id=webhook, again=again
            ),
        )
        return made(Resent, document)


def _again(given: ResendInput) -> Again:
    statuses = tuple(
        one_of(DeliveryStatus, item, argument="deliveries.status")
        for item in texts_of(given.status, argument="deliveries.status", most=len(ENDED))
    )
    known = tuple(item for item in statuses if item in ENDED)
    if not known or known != statuses:
        raise unfit("deliveries.status", "expected delivered, failed or both")
    within(given.most, 1, MOST_AGAIN, argument="deliveries.most")
    return Again(
        wanted=WantedDeliveries(
            statuses=known,
            types=texts_of(given.types, argument="deliveries.types", most=MOST_TYPES),
            since=instant_of(given.since, argument="deliveries.since"),
            until=instant_of(given.until, argument="deliveries.until"),
        ),
        most=given.most,
        dry_run=given.dry_run,
    )
