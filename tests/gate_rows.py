"""Make a valid row of the table of gates, as SQL sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.row_ids import INSTANT, an_id

Values = Mapping[str, Any]

NEVER_OLD: Final = INSTANT.replace(year=2999)
"""Of a verdict that may hold whenever tests run, and so is never deleted."""


def gate_rows(tenant: Values, *, member: str, number: int) -> dict[str, Values]:
    """Return a row of each."""
    return {
        "gates": {
            **tenant,
            "id": an_id("gat", number),
            "run": "run_1",
            "model": "plangate/oracle",
            "identity": "plangate/oracle",
            "environment": "counter",
            "prompt": "1:sha256:p",
            "registry_digest": "sha256:r",
            "verdict": "pass",
            "digest": f"sha256:{number}",
            "report": "{}",
            "judged_at": NEVER_OLD,
            "created_at": INSTANT,
            "created_by": member,
        },
    }
