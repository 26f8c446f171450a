"""Make a valid row of every table of outbound webhooks, as SQL sees it, parents first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.row_ids import INSTANT, an_id


def webhook_rows(
    tenant: Mapping[str, Any], *, project: str, member: str, number: int
) -> dict[str, Mapping[str, Any]]:
    """Return a row of each; the endpoint is switched off, so that nobody sends to it."""
    endpoint, delivery = an_id("whe", number), an_id("whd", number)
    made = {**tenant, "created_at": INSTANT}
    return {
        "webhook_endpoints": {
            **made,
            "id": endpoint,
            "project_id": project,
            "name": f"alerts {number}",
            "sealed_url": b"\x04",
            "shown_url": "https://hooks.example.org",
            "header_names": "[]",
            "filter": "{}",
            "form": "full",
            "format": "standard",
            "at_once": 8,
            "ordered": False,
            "status": "disabled",
            "failures": 0,
            "created_by": member,
            "updated_at": INSTANT,
        },
        "webhook_secrets": {
            **made,
            "id": an_id("whs", number),
            "endpoint_id": endpoint,
            "scheme": "v1",
            "sealed": b"\x05",
        },
        "webhook_deliveries": {
            **made,
            "id": delivery,
            "endpoint_id": endpoint,
            "event_id": an_id("evt", number),
            "event_type": "project.created",
            "cause": "event",
            "status": "delivered",
            "attempts": 1,
            "entity": "",
            "resent": False,
            "due_at": INSTANT,
            "ended_at": INSTANT,
        },
        "webhook_attempts": {
            **tenant,
            "delivery_id": delivery,
            "number": 1,
            "at": INSTANT,
            "status_code": 204,
            "took_ms": 12,
            "body": "",
        },
    }
