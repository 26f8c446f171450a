"""Seal records into leaves and open them again, under keys that can be destroyed.

Sealing is deterministic: a copy that is made before the commit and the leaf that is made after it
are the same bytes. Once a subject's key is gone, nobody can open what it sealed, while the leaf,
its hash and every proof stay as they are (Source: RFC 5297 for AES-SIV, RFC 5869 for HKDF).
"""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from runtime.domain.audit_leaf import Leaf
from runtime.domain.errors import LeafUnreadableError
from runtime.domain.record import AuditRecord
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject

SUBJECT_KEY_BYTES: Final = 32

_SEAL_INFO: Final = b"plangate/audit/seal/1"
_SALT_DOMAIN: Final = "plangate/audit/salt/1\n"
_NO_SALT: Final = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectKey:
    """Hold the key that seals what one subject did in one month; it is never shown.

    Attributes:
        id: of the key, as leaves name it.
        value: 32 random bytes.

    Raises:
        ValueError: the key has another length.
    """

    id: str
    value: bytes = field(repr=False)
    _cipher: AESSIV = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derive the key that seals, once for all records."""
        if len(self.value) != SUBJECT_KEY_BYTES:
            raise ValueError(f"a subject key has {SUBJECT_KEY_BYTES} bytes")
        object.__setattr__(self, "_cipher", AESSIV(_seal_key(self.value)))

    def seal(self, document: bytes, bound_to: list[bytes]) -> bytes:
        """Return a document sealed for one place."""
        return self._cipher.encrypt(document, bound_to)

    def open(self, sealed: bytes, bound_to: list[bytes]) -> bytes:
        """Return the document that was sealed for that place.

        Raises:
            InvalidTag: it was not, under this key.
        """
        return self._cipher.decrypt(sealed, bound_to)


def sealed(record: AuditRecord, key: SubjectKey, *, organization_id: str, at: datetime) -> Leaf:
    """Return a record as a leaf of its organization's log.

    Args:
        record: what was decided or done.
        key: of the record's principal and month.
        organization_id: whose log it is.
        at: when the record was written, with a time zone.
    """
    document = record.document.encode()
    bound_to = _place(organization_id, record.id, record.kind)
    return Leaf(
        organization_id=organization_id,
        id=record.id,
        kind=record.kind,
        principal_id=record.principal_id,
        project_id=record.project_id,
        at=at,
        key_id=key.id,
        payload=urlsafe_b64encode(key.seal(document, bound_to)).rstrip(b"=").decode(),
        commitment=_commitment(document, salt(key, record.id)),
    )


def opened(leaf: Leaf, key: SubjectKey) -> JsonObject:
    """Return the document that a leaf holds.

    Raises:
        LeafUnreadableError: the key is not the one that sealed it, or the leaf was altered.
    """
    bound_to = _place(leaf.organization_id, leaf.id, leaf.kind)
    padding = "=" * (-len(leaf.payload) % 4)
    try:
        document = key.open(urlsafe_b64decode(leaf.payload + padding), bound_to)
    except (InvalidTag, ValueError, binascii.Error):
        raise LeafUnreadableError(record=leaf.id, key=leaf.key_id) from None
    if not hmac.compare_digest(_commitment(document, salt(key, leaf.id)), leaf.commitment):
        raise LeafUnreadableError(record=leaf.id, key=leaf.key_id)
    read: JsonObject = parse(document)
    return read


def salt(key: SubjectKey, record_id: str) -> bytes:
    """Return the 32 bytes that keep the commitment to a record's document from being guessed."""
    return hmac.digest(key.value, (_SALT_DOMAIN + record_id).encode(), "sha256")


def _commitment(document: bytes, its_salt: bytes) -> str:
    return hmac.digest(its_salt, document, "sha256").hex()


def _place(organization_id: str, record_id: str, kind: str) -> list[bytes]:
    return [organization_id.encode(), record_id.encode(), kind.encode()]


def _seal_key(value: bytes) -> bytes:
    """Return the 64 bytes that HKDF-SHA256 makes of a subject key."""
    extracted = hmac.digest(_NO_SALT, value, "sha256")
    first = hmac.digest(extracted, _SEAL_INFO + b"\x01", "sha256")
    return first + hmac.digest(extracted, first + _SEAL_INFO + b"\x02", "sha256")
