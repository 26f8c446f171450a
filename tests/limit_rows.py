"""Make a valid row of every table of limits that projects share, as SQL sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.row_ids import INSTANT

Values = Mapping[str, Any]


def shared_limit_rows(tenant: Values, *, member: str, number: int) -> dict[str, Values]:
    """Return a row of each."""
    return {
        "organization_limits": {
            **tenant,
            "number": number,
            "document": "{}",
            "principal_id": member,
            "created_at": INSTANT,
        },
        "limit_counters": {
            **tenant,
            "key": "units_a_day:organization:",
            "period": f"2026-01-{number:02}",
            "used": 1,
            "told": 0,
            "told_of": 1,
            "updated_at": INSTANT,
        },
    }
