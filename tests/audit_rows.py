"""Make a valid row of every table of the audit log, of its copies and its keys, parents first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from tests.row_ids import INSTANT, an_id

OF_NOBODY: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "audit_key_epochs": {"key_id": "ak_0", "public_key": "k", "begins_at": INSTANT},
        "secret_rotations": {"reference": "vault://kv/app#password", "body_digest": "d"},
    }
)
"""A row of each table that is no tenant's and is only ever added to."""


def audit_rows(
    tenant: Mapping[str, Any], *, project: str, member: str, number: int
) -> dict[str, Mapping[str, Any]]:
    """Return a row of each; those of a number make one log that is signed, copied and anchored."""
    place = {"sink": "s3", "name": f"anchors/{number}.json", "version": "1", "digest": "d"}
    record = an_id("aud", 100 + number)
    return {
        "audit_settings": {
            **tenant,
            "strict": False,
            "keep_days": 365,
            "changed_by": member,
            "changed_at": INSTANT,
        },
        "audit_payload_keys": {
            **tenant,
            "id": an_id("apk", number),
            "subject": member,
            "period": "2026-01",
            "wrapped": b"\x05",
            "created_at": INSTANT,
        },
        "audit_holds": {
            **tenant,
            "id": an_id("hld", number),
            "name": f"case {number}",
            "reason": "a lawsuit",
            "held_by": member,
            "created_at": INSTANT,
        },
        "audit_trees": {**tenant, "size": number, "frontier": ["00"]},
        "audit_leaves": {
            **tenant,
            "sequence": number,
            "id": record,
            "kind": "plan.executed",
            "principal_id": member,
            "project_id": project,
            "at": INSTANT,
            "key_id": an_id("apk", number),
            "payload": "p",
            "commitment": "c",
            "hash": "00",
        },
        "audit_tiles": {**tenant, "level": 8, "index": number, "hash": "00"},
        "audit_heads": {
            **tenant,
            "size": number,
            "root": "00",
            "at": INSTANT,
            "key_id": "ak_0",
            "signature": "s",
        },
        "audit_anchors": {**tenant, **place, "size": number, "at": INSTANT},
        "audit_copies": {**tenant, **place, "record_id": record, "leaf": "00", "at": INSTANT},
        "audit_orphans": {
            **tenant,
            "record_id": an_id("aud", 200 + number),
            "name": f"copies/{number}.jsonl",
            "line": 1,
            "sink": "s3",
            "marked_at": INSTANT,
        },
    }
