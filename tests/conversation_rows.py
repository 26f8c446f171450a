"""Make a valid row of every table of conversations, as SQL sees it, parents first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.row_ids import INSTANT, an_id


def conversation_rows(
    tenant: Mapping[str, Any], *, project: str, member: str, number: int
) -> dict[str, Mapping[str, Any]]:
    """Return a row of each; the member said something, and is remembered."""
    conversation = an_id("cnv", number)
    return {
        "conversations": {
            **tenant,
            "id": conversation,
            "project_id": project,
            "owner_id": member,
            "title": "Furnaces",
            "created_at": INSTANT,
            "turns": 1,
        },
        "turns": {
            **tenant,
            "id": an_id("trn", number),
            "conversation_id": conversation,
            "number": 1,
            "status": "proposed",
            "created_at": INSTANT,
            "answered_at": INSTANT,
            "message": "one more please",
            "proposal": '{"kind": "decline", "reason": "no"}',
            "prompt_tokens": 10,
            "completion_tokens": 3,
            "cached_tokens": 0,
            "latency_ms": 5,
            "tries": 0,
            "keeps": "everything",
            "erase_at": INSTANT,
        },
        "facts": {
            **tenant,
            "project_id": project,
            "member_id": member,
            "key": "usual_room",
            "value": '"r_1"',
            "source": "person",
            "set_at": INSTANT,
            "expires_at": INSTANT,
        },
    }
