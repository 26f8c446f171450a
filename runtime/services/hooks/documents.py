"""Spell hooks and deliveries as callers read them; no document holds a secret."""

from __future__ import annotations

from datetime import datetime

from runtime.domain.hook import Delivery, Hook, HookSecret
from runtime.kit.json_value import JsonObject
from runtime.services.documents import spelled_instant

DELIVERY_PATH = "/v1/hooks"


def hook_document(hook: Hook) -> JsonObject:
    """Spell a hook, with the path at which others deliver."""
    return {
        "id": hook.id,
        "project": hook.project_id,
        "name": hook.name,
        "style": hook.style.value,
        "service": hook.service_id,
        "path": f"{DELIVERY_PATH}/{hook.address}",
        "enabled": hook.enabled,
        "mapping": hook.mapping.model_dump(mode="json"),
        "created_at": spelled_instant(hook.created_at),
        "created_by": hook.created_by,
        "updated_at": spelled_instant(hook.updated_at),
    }


def secret_document(secret: HookSecret) -> JsonObject:
    """Spell of a secret since when and until when it fits."""
    return {
        "id": secret.id,
        "created_at": spelled_instant(secret.created_at),
        "ends_at": _spelled_or_none(secret.ends_at),
    }


def delivery_document(delivery: Delivery) -> JsonObject:
    """Spell what came of a delivery; of its body there is the digest alone."""
    return {
        "id": delivery.id,
        "named": delivery.named,
        "body_digest": delivery.body_digest,
        "status": delivery.status.value,
        "reason": delivery.reason,
        "outcome": delivery.outcome_id,
        "tries": delivery.tries,
        "received_at": spelled_instant(delivery.received_at),
        "ended_at": _spelled_or_none(delivery.ended_at),
    }


def _spelled_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else spelled_instant(instant)
