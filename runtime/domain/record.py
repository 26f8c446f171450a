"""Hold what is written beside each change: an event for others, an audit record for ever."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.kit.canonical_json import canonical_bytes, digest_bytes
from runtime.kit.json_value import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Tell others of a fact.

    Attributes:
        id: `evt_` and 26 letters.
        type: its name in the catalogue, such as `plan.executed`.
        document: canonical JSON.
    """

    id: str
    type: str
    document: str
    project_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """Record a decision or an act of administration.

    Attributes:
        id: `aud_` and 26 letters.
        principal_id: who did it.
        kind: what was done, such as `token.created`.
        document: canonical JSON of what was done, without any secret.
        digest: of the document.
    """

    id: str
    principal_id: str
    kind: str
    document: str
    digest: str
    project_id: str | None = None

    @classmethod
    def of(
        cls,
        document: JsonObject,
        *,
        record_id: str,
        principal_id: str,
        kind: str,
        project_id: str | None,
    ) -> AuditRecord:
        """Spell a record's document and digest it."""
        spelled = canonical_bytes(document)
        return cls(
            id=record_id,
            principal_id=principal_id,
            kind=kind,
            document=spelled.decode(),
            digest=digest_bytes(spelled),
            project_id=project_id,
        )
