"""Make a valid row of each table of schedules, as SQL sees it, parents first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.row_ids import INSTANT, an_id


def schedule_rows(
    tenant: Mapping[str, Any], *, project: str, member: str, number: int
) -> dict[str, Mapping[str, Any]]:
    """Return a schedule and a firing of it; the member made the schedule, and executes it."""
    schedule, made = an_id("sch", number), {**tenant, "created_at": INSTANT}
    return {
        "schedules": {
            **made,
            "id": schedule,
            "project_id": project,
            "name": f"nightly {number}",
            "cron": "0 3 * * *",
            "zone": "UTC",
            "jitter_s": 0,
            "catch_up": "last",
            "plan": '{"steps": []}',
            "atomic": False,
            "principal_id": member,
            "created_by": member,
            "seen_until": INSTANT,
            "next_at": INSTANT,
        },
        "firings": {
            **made,
            "id": an_id("fir", number),
            "schedule_id": schedule,
            "project_id": project,
            "instant": INSTANT,
            "status": "waiting",
            "tries": 0,
            "next_try_at": INSTANT,
        },
    }
