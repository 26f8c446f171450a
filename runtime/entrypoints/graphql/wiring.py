"""Describe what comes in and what goes out: hooks, webhooks, and events."""

from __future__ import annotations

import strawberry

from runtime.domain.event_catalogue import EVENT_TYPES
from runtime.domain.hook import Delivery as StoredDelivery
from runtime.domain.hook import Hook as StoredHook
from runtime.domain.webhook import Delivery as StoredSent
from runtime.domain.webhook import Endpoint
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.nodes import Node
from runtime.entrypoints.graphql.scalars import Instant, Json
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.documents import spelled_instant
from runtime.services.hooks.documents import delivery_document, hook_document
from runtime.services.live.stream import LiveEvent
from runtime.services.webhooks.documents import delivery_document as sent_document
from runtime.services.webhooks.documents import endpoint_document


@strawberry.type(description="Since when and until when a secret fits; its text is not told.")
class HookSecret:
    """Describe a secret."""

    id: strawberry.ID
    created_at: Instant
    ends_at: Instant | None


@strawberry.type(description="Where others deliver what becomes a plan.")
class Hook(Node):
    """Describe a hook; `secrets` is null in lists."""

    project: strawberry.ID
    name: str
    style: str
    service: strawberry.ID
    path: str
    enabled: bool
    mapping: Json
    created_at: Instant
    created_by: strawberry.ID
    updated_at: Instant
    secrets: list[HookSecret] | None


@strawberry.type(description="What came of a delivery to a hook.")
class HookDelivery:
    """Describe a delivery."""

    id: strawberry.ID
    named: str
    body_digest: str
    status: str
    reason: str | None
    outcome: strawberry.ID | None
    tries: int
    received_at: Instant
    ended_at: Instant | None


@strawberry.type(description="How a secret signs, and until when.")
class WebhookSecret:
    """Describe a secret."""

    id: strawberry.ID
    scheme: str
    public_key: str | None
    created_at: Instant
    ends_at: Instant | None


@strawberry.type(description="An endpoint of others that hears of events.")
class Webhook(Node):
    """Describe a webhook; `project` is null for the organization's, `secrets` in lists."""

    project: strawberry.ID | None
    name: str
    url: str
    headers: list[str]
    filter: Json
    form: str
    format: str
    at_once: int
    per_minute: int | None
    ordered: bool
    status: str
    status_reason: str | None
    failing_since: Instant | None
    failures: int
    created_at: Instant
    created_by: strawberry.ID
    updated_at: Instant
    secrets: list[WebhookSecret] | None


@strawberry.type(description="A hook with a new secret, which is shown this once.")
class NewHook:
    """Hold a hook; `secret` is null where a request is repeated."""

    hook: Hook
    secret: str | None


@strawberry.type(description="Whether a body would act, and by which plan.")
class HookTrial:
    """Say what a body would become."""

    acts: bool
    plan: Json | None


@strawberry.type(description="A webhook with a new secret, which is shown this once.")
class NewWebhook:
    """Hold a webhook; `secret` is null where a request is repeated, and of `v1a`."""

    webhook: Webhook
    secret: str | None


@strawberry.type(description="What one attempt to deliver came to.")
class WebhookAttempt:
    """Describe an attempt."""

    number: int
    at: Instant
    status_code: int | None
    took_ms: int
    error: str | None
    body: str
    request_id: str | None


@strawberry.type(description="An event on its way to a webhook; `tries` is null in lists.")
class WebhookDelivery:
    """Describe a delivery."""

    id: strawberry.ID
    event: strawberry.ID
    type: str
    cause: str
    status: str
    attempts: int
    due_at: Instant | None
    reason: str | None
    created_at: Instant
    ended_at: Instant | None
    tries: list[WebhookAttempt] | None


@strawberry.type(description="How many deliveries are made again, and how many are left.")
class Resent:
    """Count deliveries."""

    resent: int
    left: int
    dry_run: bool


@strawberry.type(description="Something that happened in a project, and the cursor behind it.")
class ProjectEvent:
    """Hold an event."""

    id: strawberry.ID
    type: str
    version: int
    timestamp: Instant
    project: strawberry.ID
    data: Json
    cursor: str


@strawberry.type(description="A part of a project's events, the oldest first.")
class EventPage:
    """Hold events; a page may be empty though there are more."""

    items: list[ProjectEvent]
    cursor: str
    more: bool


def hook_shown(found: StoredHook) -> Hook:
    """Return a hook as one of many."""
    return hook_told(hook_document(found))


def hook_told(document: JsonObject) -> Hook:
    """Return the hook that a document describes."""
    secrets = document.get("secrets")
    told = None if secrets is None else [made(HookSecret, item) for item in secrets]
    return made(Hook, document, within=document["project"], secrets=told)


def delivery_shown(found: StoredDelivery) -> HookDelivery:
    """Return a delivery as it reads."""
    return made(HookDelivery, delivery_document(found))


def webhook_shown(found: Endpoint) -> Webhook:
    """Return a webhook as one of many."""
    return webhook_told(endpoint_document(found))


def webhook_told(document: JsonObject) -> Webhook:
    """Return the webhook that a document describes."""
    secrets = document.get("secrets")
    told = None if secrets is None else [made(WebhookSecret, item) for item in secrets]
    return made(Webhook, document, within=document["project"] or "", secrets=told)


def new_hook_told(document: JsonObject) -> NewHook:
    """Return the hook with its secret that a document describes."""
    return NewHook(hook=hook_told(document), secret=document["secret"])


def new_webhook_told(document: JsonObject) -> NewWebhook:
    """Return the webhook with its secret that a document describes."""
    return NewWebhook(webhook=webhook_told(document), secret=document["secret"])


def sent_shown(found: StoredSent) -> WebhookDelivery:
    """Return a delivery to a webhook as one of many."""
    return sent_told(sent_document(found))


def sent_told(document: JsonObject) -> WebhookDelivery:
    """Return the delivery to a webhook that a document describes."""
    tries = document.get("tries")
    told = None if tries is None else [made(WebhookAttempt, item) for item in tries]
    return made(WebhookDelivery, document, tries=told)


def event_shown(found: LiveEvent) -> ProjectEvent:
    """Return an event as it reads."""
    event = found.event
    known = EVENT_TYPES.get(event.type)
    return ProjectEvent(
        id=strawberry.ID(event.place.id),
        type=event.type,
        version=1 if known is None else known.version,
        timestamp=Instant(spelled_instant(event.created_at)),
        project=strawberry.ID(event.project_id),
        data=Json(parse(event.document)),
        cursor=found.cursor,
    )
