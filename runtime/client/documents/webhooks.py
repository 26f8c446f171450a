"""Spell the documents of operations on webhooks, as the REST API does.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

DeliveryCause: TypeAlias = Literal["event", "resent", "ping"]
"""Say why there is a delivery: its event happened, a person sent it again, or it is a test."""

Ended: TypeAlias = Literal["delivered", "failed"]
"""Name how deliveries end."""

EndpointStatus: TypeAlias = Literal["enabled", "disabled", "failed"]
"""Say whether an endpoint is sent to."""

PayloadForm: TypeAlias = Literal["full", "thin"]
"""Say how much of an event is sent."""

SigningScheme: TypeAlias = Literal["v1", "v1a"]
"""Name how a secret signs."""

WebhookDeliveryStatus: TypeAlias = Literal["waiting", "delivered", "failed"]
"""Say what became of a delivery."""

WebhookFormat: TypeAlias = Literal["standard", "cloudevents", "slack", "teams"]
"""Say how a delivery is spelled."""


class AttemptOut(TypedDict):
    """Say what one attempt came to."""

    at: str
    body: str
    error: str | None
    number: int
    request_id: str | None
    status_code: int | None
    took_ms: int


class DeliveryDetailOut(TypedDict):
    """Say how a delivery stands, with each attempt."""

    attempts: int
    cause: DeliveryCause
    created_at: str
    due_at: str | None
    ended_at: str | None
    event: str
    id: str
    reason: str | None
    status: WebhookDeliveryStatus
    tries: list[AttemptOut]
    type: str


class DeliveryOut(TypedDict):
    """Say how a delivery stands."""

    attempts: int
    cause: DeliveryCause
    created_at: str
    due_at: str | None
    ended_at: str | None
    event: str
    id: str
    reason: str | None
    status: WebhookDeliveryStatus
    type: str


class NewWebhookOut(TypedDict):
    """Describe a webhook with a new secret."""

    at_once: int
    created_at: str
    created_by: str
    failing_since: str | None
    failures: int
    filter: WebhookFilter
    form: PayloadForm
    format: WebhookFormat
    headers: list[str]
    id: str
    name: str
    ordered: bool
    per_minute: int | None
    project: str | None
    secret: str | None
    secrets: list[WebhookSecretOut]
    status: EndpointStatus
    status_reason: str | None
    updated_at: str
    url: str


class ResendIn(TypedDict):
    """Say which ended deliveries are to be made again, each once."""

    dry_run: NotRequired[bool]
    most: NotRequired[int]
    since: NotRequired[str | None]
    status: NotRequired[list[Ended]]
    types: NotRequired[list[str]]
    until: NotRequired[str | None]


class ResentOut(TypedDict):
    """Say how many deliveries are made again."""

    dry_run: bool
    left: int
    resent: int


class WebhookChangeIn(TypedDict):
    """Say what is to change; what is left out stays, and `headers` and `filter` are replaced."""

    at_once: NotRequired[int | None]
    filter: NotRequired[WebhookFilter | None]
    form: NotRequired[PayloadForm | None]
    format: NotRequired[WebhookFormat | None]
    headers: NotRequired[dict[str, str] | None]
    name: NotRequired[str | None]
    ordered: NotRequired[bool | None]
    per_minute: NotRequired[int | None]
    url: NotRequired[str | None]


class WebhookDetailOut(TypedDict):
    """Describe a webhook with its secrets that sign."""

    at_once: int
    created_at: str
    created_by: str
    failing_since: str | None
    failures: int
    filter: WebhookFilter
    form: PayloadForm
    format: WebhookFormat
    headers: list[str]
    id: str
    name: str
    ordered: bool
    per_minute: int | None
    project: str | None
    secrets: list[WebhookSecretOut]
    status: EndpointStatus
    status_reason: str | None
    updated_at: str
    url: str


class WebhookFilter(TypedDict):
    """Say which events a webhook hears of; what is empty lets all through."""

    condition: NotRequired[str]
    projects: NotRequired[list[str]]
    types: NotRequired[list[str]]


class WebhookIn(TypedDict):
    """Say what webhook to make."""

    at_once: NotRequired[int]
    filter: NotRequired[WebhookFilter]
    form: NotRequired[PayloadForm]
    format: NotRequired[WebhookFormat]
    headers: NotRequired[dict[str, str]]
    name: str
    ordered: NotRequired[bool]
    per_minute: NotRequired[int | None]
    scheme: NotRequired[SigningScheme]
    url: str


class WebhookOut(TypedDict):
    """Describe a webhook."""

    at_once: int
    created_at: str
    created_by: str
    failing_since: str | None
    failures: int
    filter: WebhookFilter
    form: PayloadForm
    format: WebhookFormat
    headers: list[str]
    id: str
    name: str
    ordered: bool
    per_minute: int | None
    project: str | None
    status: EndpointStatus
    status_reason: str | None
    updated_at: str
    url: str


class WebhookRotationIn(TypedDict):
    """Say what signs from now on."""

    only: NotRequired[bool]
    overlap_s: NotRequired[int]
    scheme: NotRequired[SigningScheme | None]


class WebhookSecretOut(TypedDict):
    """Say how a secret signs, and until when; `public_key` verifies what `v1a` signs."""

    created_at: str
    ends_at: str | None
    id: str
    public_key: str | None
    scheme: SigningScheme
