"""Make a valid row of every table of models and what they cost, as SQL sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.row_ids import INSTANT, an_id

Values = Mapping[str, Any]


def model_rows(tenant: Values, *, project: str, member: str, number: int) -> dict[str, Values]:
    """Return a row of each."""
    return {
        "model_uses": {
            **tenant,
            "scope": project,
            "number": number,
            "project_id": project,
            "document": "{}",
            "principal_id": member,
            "created_at": INSTANT,
        },
        "model_tallies": {
            **tenant,
            "subject": f"project:{project}",
            "day": f"2026-01-{number:02}",
            "project_id": project,
            "tokens": 1,
            "cost_micros": 1,
            "reserved_tokens": 0,
            "reserved_micros": 0,
            "updated_at": INSTANT,
        },
        "model_spends": {
            **tenant,
            "turn_id": an_id("trn", number),
            "attempt": 1,
            "project_id": project,
            "member_id": member,
            "model": "openai/gpt-4o-mini",
            "day": "2026-01-01",
            "status": "open",
            "reserved_tokens": 1,
            "reserved_micros": 1,
            "tokens": 0,
            "cost_micros": 0,
            "created_at": INSTANT,
            "ends_at": INSTANT,
        },
    }
