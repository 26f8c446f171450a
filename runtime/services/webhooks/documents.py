"""Spell endpoints, their secrets, deliveries and attempts as callers and records read them.

No document holds an address beyond its host, the value of a header, or a secret.
"""

from __future__ import annotations

from datetime import datetime

from runtime.domain.webhook import Delivery, DeliveryAttempt, Endpoint, EndpointSecret
from runtime.kit.json_value import JsonObject
from runtime.services.documents import spelled_instant


def endpoint_document(endpoint: Endpoint) -> JsonObject:
    """Spell an endpoint."""
    return {
        "id": endpoint.id,
        "project": endpoint.project_id,
        "name": endpoint.name,
        "url": endpoint.shown_url,
        "headers": list(endpoint.header_names),
        "filter": {
            "types": list(endpoint.filter.types),
            "projects": list(endpoint.filter.projects),
            "condition": endpoint.filter.condition,
        },
        "form": endpoint.form.value,
        "format": endpoint.format.value,
        "at_once": endpoint.at_once,
        "per_minute": endpoint.per_minute,
        "ordered": endpoint.ordered,
        "status": endpoint.status.value,
        "status_reason": endpoint.status_reason,
        "failing_since": _spelled_or_none(endpoint.failing_since),
        "failures": endpoint.failures,
        "created_at": spelled_instant(endpoint.created_at),
        "created_by": endpoint.created_by,
        "updated_at": spelled_instant(endpoint.updated_at),
    }


def secret_document(secret: EndpointSecret) -> JsonObject:
    """Spell of a secret how it signs and until when, and the half that is public, if there is."""
    return {
        "id": secret.id,
        "scheme": secret.scheme.value,
        "public_key": secret.public,
        "created_at": spelled_instant(secret.created_at),
        "ends_at": _spelled_or_none(secret.ends_at),
    }


def delivery_document(delivery: Delivery) -> JsonObject:
    """Spell a delivery, without what is sent."""
    return {
        "id": delivery.id,
        "event": delivery.event_id,
        "type": delivery.event_type,
        "cause": delivery.cause.value,
        "status": delivery.status.value,
        "attempts": delivery.attempts,
        "due_at": spelled_instant(delivery.due_at) if delivery.ended_at is None else None,
        "reason": delivery.reason,
        "created_at": spelled_instant(delivery.created_at),
        "ended_at": _spelled_or_none(delivery.ended_at),
    }


def attempt_document(attempt: DeliveryAttempt) -> JsonObject:
    """Spell an attempt, with as much of the answer as is kept."""
    return {
        "number": attempt.number,
        "at": spelled_instant(attempt.at),
        "status_code": attempt.status_code,
        "took_ms": attempt.took_ms,
        "error": attempt.error,
        "body": attempt.body,
        "request_id": attempt.request_id,
    }


def recorded(endpoint: Endpoint) -> JsonObject:
    """Spell an endpoint as records and events of its changes do."""
    return {
        "endpoint": endpoint.id,
        "name": endpoint.name,
        "url": endpoint.shown_url,
        "headers": list(endpoint.header_names),
        "types": list(endpoint.filter.types),
        "projects": list(endpoint.filter.projects),
        "condition": endpoint.filter.condition,
        "form": endpoint.form.value,
        "format": endpoint.format.value,
        "at_once": endpoint.at_once,
        "per_minute": endpoint.per_minute,
        "ordered": endpoint.ordered,
        "status": endpoint.status.value,
    }


def named(endpoint: Endpoint) -> JsonObject:
    """Spell which endpoint something happened to."""
    return {"endpoint": endpoint.id, "name": endpoint.name}


def _spelled_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else spelled_instant(instant)
