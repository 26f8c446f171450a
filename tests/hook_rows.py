"""Make a valid row of every table of hooks, as SQL sees it, parents first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.row_ids import INSTANT, an_id


def hook_rows(
    tenant: Mapping[str, Any], *, project: str, member: str, number: int
) -> dict[str, Mapping[str, Any]]:
    """Return a row of each; the member made the hook, and acts through it."""
    hook, made = an_id("hok", number), {**tenant, "created_at": INSTANT}
    return {
        "hooks": {
            **made,
            "id": hook,
            "project_id": project,
            "name": f"deliveries {number}",
            "style": "github",
            "service_id": member,
            "mapping": "{}",
            "enabled": True,
            "created_by": member,
            "updated_at": INSTANT,
        },
        "hook_secrets": {**made, "id": an_id("hks", number), "hook_id": hook, "sealed": b"\x03"},
        "hook_deliveries": {
            **tenant,
            "id": an_id("hkd", number),
            "hook_id": hook,
            "named": f"delivery-{number}",
            "body_digest": "d",
            "status": "executed",
            "tries": 1,
            "open_tries": 0,
            "claimed_at": INSTANT,
            "received_at": INSTANT,
        },
    }
