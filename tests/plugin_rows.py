"""Make a valid row of the table of switches of plugins, as SQL sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.row_ids import INSTANT


def plugin_rows(
    tenant: Mapping[str, Any], *, member: str, number: int
) -> dict[str, Mapping[str, Any]]:
    """Return a row of each; the member turned the plugin off."""
    return {
        "plugin_switches": {
            **tenant,
            "plugin": f"zoo{number}",
            "disabled_at": INSTANT,
            "disabled_by": member,
        },
    }
