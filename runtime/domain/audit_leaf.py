"""Spell a record as a leaf of an organization's log: a header that is hashed, a sealed payload.

Proofs and signed heads rest on the headers alone, so a payload that nobody can read any more leaves
all of them standing. `domain.audit_sealing` makes leaves; `docs/audit.md` has the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from runtime.domain.merkle import leaf_hash
from runtime.kit.canonical_json import canonical_bytes, digest_bytes
from runtime.kit.json_value import JsonObject

LEAF_FORM: Final = 1
"""The `v` of each header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """Hold a record as it stands in the log.

    Attributes:
        id: of the record, `aud_` and 26 letters.
        at: when the record was written, with a time zone.
        key_id: of the subject key that sealed the payload.
        payload: the sealed document, base64url without padding.
        commitment: lower hex of the salted digest of the document.
    """

    organization_id: str
    id: str
    kind: str
    principal_id: str
    project_id: str | None
    at: datetime
    key_id: str
    payload: str
    commitment: str

    def header(self) -> JsonObject:
        """Return the document whose hash stands in the tree."""
        return {
            "v": LEAF_FORM,
            "organization": self.organization_id,
            "id": self.id,
            "kind": self.kind,
            "principal": self.principal_id,
            "project": self.project_id,
            "at": at_text(self.at),
            "key": self.key_id,
            "payload_digest": digest_bytes(self.payload.encode()),
            "commitment": self.commitment,
        }

    def hash(self) -> bytes:
        """Return the 32 bytes that stand in the tree for this leaf."""
        return leaf_of_header(self.header())


def leaf_of_header(header: JsonObject) -> bytes:
    """Return the hash of the leaf with that header.

    Raises:
        CanonicalJsonError: something in it is not JSON.
    """
    return leaf_hash(canonical_bytes(header))


def at_text(at: datetime) -> str:
    """Spell an instant as hashed documents do: UTC, six digits, Z.

    Raises:
        ValueError: the instant has no time zone.

    >>> at_text(datetime(2026, 11, 30, 9, tzinfo=UTC))
    '2026-11-30T09:00:00.000000Z'
    """
    if at.tzinfo is None:
        raise ValueError(f"the instant {at} has no time zone, expected one")
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
