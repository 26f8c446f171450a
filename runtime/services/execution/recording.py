"""Spell what is written beside a change: the event for others, and the record for the log.

The record holds the diff and the digest of every version that the change made, so that the log
alone rebuilds each state of a project; the event tells no more than that the change took place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from runtime.domain.record import AuditRecord, Event
from runtime.kit.canonical_json import digest_bytes
from runtime.services.execution.changes import Change
from runtime.store.executions import NewVersion


def event_of(change: Change, kind: str, told: Mapping[str, str], *, project_id: str) -> Event:
    """Return the event of a change; it is named as the change is, for they belong together."""
    return Event(
        id=f"evt_{_letters(change)}",
        type=kind,
        document=_spelled(told).decode(),
        project_id=project_id,
    )


def record_of(
    change: Change,
    kind: str,
    told: Mapping[str, str],
    *,
    versions: Iterable[NewVersion],
    project_id: str,
) -> AuditRecord:
    """Return the audit record of a change, with the versions of the state that it made."""
    made = [
        {
            "version": version.version,
            "digest": version.digest,
            "diff": orjson.Fragment(version.diff),  # canonical already, and large at times
        }
        for version in versions
    ]
    spelled = _spelled({**told, "credential": change.credential_id, "versions": made})
    return AuditRecord(
        id=f"aud_{_letters(change)}",
        principal_id=change.principal.id,
        kind=kind,
        document=spelled.decode(),
        digest=digest_bytes(spelled),
        project_id=project_id,
    )


def _letters(change: Change) -> str:
    return change.outcome_id.rpartition("_")[2]


def _spelled(document: Mapping[str, object]) -> bytes:
    """Spell a document of our own names and texts canonically: it needs no walk."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
