"""Ask the operations on webhooks of the REST API.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Unpack

from runtime.client.documents.webhooks import (
    DeliveryDetailOut,
    DeliveryOut,
    NewWebhookOut,
    ResendIn,
    ResentOut,
    WebhookChangeIn,
    WebhookDeliveryStatus,
    WebhookDetailOut,
    WebhookIn,
    WebhookOut,
    WebhookRotationIn,
)
from runtime.client.request import Request, fresh_key, path_of
from runtime.client.transport import PAGE, Transport


class Webhooks:
    """Ask the operations on webhooks."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self._transport = transport

    def list(self, project_id: str, *, limit: int | None = None) -> Iterator[WebhookOut]:
        """Return the webhooks of a project, or those of the organization itself."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "webhooks"),
                query={"limit": limit or PAGE},
            )
        )

    def create(
        self, project_id: str, *, idempotency_key: str | None = None, **body: Unpack[WebhookIn]
    ) -> NewWebhookOut:
        """Make a webhook; the answer is the only place that ever shows its secret."""
        answer: NewWebhookOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "webhooks"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def remove(
        self, project_id: str, webhook_id: str, *, idempotency_key: str | None = None
    ) -> WebhookOut:
        """Forget a webhook, its secrets and what was or is to be delivered to it."""
        answer: WebhookOut = self._transport.ask(
            Request(
                method="DELETE",
                path=path_of("projects", project_id, "webhooks", webhook_id),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def read(self, project_id: str, webhook_id: str) -> WebhookDetailOut:
        """Return a webhook, and of its secrets how and until when they sign."""
        answer: WebhookDetailOut = self._transport.ask(
            Request(method="GET", path=path_of("projects", project_id, "webhooks", webhook_id))
        )
        return answer

    def change(
        self,
        project_id: str,
        webhook_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[WebhookChangeIn],
    ) -> WebhookOut:
        """Change how or what a webhook is sent; what is left out stays."""
        answer: WebhookOut = self._transport.ask(
            Request(
                method="PATCH",
                path=path_of("projects", project_id, "webhooks", webhook_id),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def list_deliveries(
        self,
        project_id: str,
        webhook_id: str,
        *,
        status: Sequence[WebhookDeliveryStatus] | None = None,
        type_: Sequence[str] | None = None,
        since: str | None = None,
        until: str | None = None,
        limit: int | None = None,
    ) -> Iterator[DeliveryOut]:
        """Return deliveries to a webhook, the newest first."""
        return self._transport.pages(
            Request(
                method="GET",
                path=path_of("projects", project_id, "webhooks", webhook_id, "deliveries"),
                query={
                    "status": status,
                    "type": type_,
                    "since": since,
                    "until": until,
                    "limit": limit or PAGE,
                },
            )
        )

    def read_delivery(
        self, project_id: str, webhook_id: str, delivery_id: str
    ) -> DeliveryDetailOut:
        """Return a delivery with each attempt, the first one first."""
        answer: DeliveryDetailOut = self._transport.ask(
            Request(
                method="GET",
                path=path_of(
                    "projects", project_id, "webhooks", webhook_id, "deliveries", delivery_id
                ),
            )
        )
        return answer

    def resend_delivery(
        self,
        project_id: str,
        webhook_id: str,
        delivery_id: str,
        *,
        idempotency_key: str | None = None,
    ) -> DeliveryOut:
        """Have the event of a delivery delivered again, under the id that it had."""
        answer: DeliveryOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of(
                    "projects",
                    project_id,
                    "webhooks",
                    webhook_id,
                    "deliveries",
                    delivery_id,
                    verb="resend",
                ),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def disable(
        self, project_id: str, webhook_id: str, *, idempotency_key: str | None = None
    ) -> WebhookOut:
        """Send nothing more to a webhook until it is enabled."""
        answer: WebhookOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "webhooks", webhook_id, verb="disable"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def enable(
        self, project_id: str, webhook_id: str, *, idempotency_key: str | None = None
    ) -> WebhookOut:
        """Send to a webhook again, as if it had never failed; what waits goes on."""
        answer: WebhookOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "webhooks", webhook_id, verb="enable"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def ping(
        self, project_id: str, webhook_id: str, *, idempotency_key: str | None = None
    ) -> DeliveryOut:
        """Let a test be delivered to a webhook, whatever it listens to; see its deliveries."""
        answer: DeliveryOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "webhooks", webhook_id, verb="ping"),
                key=idempotency_key or fresh_key(),
            )
        )
        return answer

    def resend_deliveries(
        self,
        project_id: str,
        webhook_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[ResendIn],
    ) -> ResentOut:
        """Have ended deliveries made again: the failed ones, if nothing else is said."""
        answer: ResentOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "webhooks", webhook_id, verb="resend"),
                key=idempotency_key or fresh_key(),
                body=body,
            )
        )
        return answer

    def rotate_secret(
        self,
        project_id: str,
        webhook_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[WebhookRotationIn],
    ) -> NewWebhookOut:
        """Sign with a new secret; until the overlap has passed, the one before signs as well."""
        answer: NewWebhookOut = self._transport.ask(
            Request(
                method="POST",
                path=path_of("projects", project_id, "webhooks", webhook_id, verb="rotate-secret"),
                key=idempotency_key or fresh_key(),
                body=body or None,
            )
        )
        return answer
