"""Say what is signed about a log: how large it is and what its root is, and by which key.

`docs/audit.md` has the rules for whoever checks them elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from runtime.domain.audit_leaf import at_text
from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_value import JsonObject

ANCHOR_FORMAT: Final = "plangate-audit-anchor/1"

_HEAD_DOMAIN: Final = b"plangate/audit/head/1\n"
_KEY_DOMAIN: Final = b"plangate/audit/key/1\n"
_KEY_ID_LETTERS: Final = 16
_TEXTS: Final = ("organization", "root", "at", "key", "signature")


class SignedHeadError(ValueError):
    """Report a document that is no signed head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """Describe a log at one size.

    Attributes:
        size: how many leaves it has.
        root: lower hex of the root of the tree over them.
        at: when this was stated, with a time zone.
    """

    organization_id: str
    size: int
    root: str
    at: datetime

    def signed_bytes(self) -> bytes:
        """Return what a signature is made over."""
        return _HEAD_DOMAIN + canonical_bytes(self.document())

    def document(self) -> JsonObject:
        """Return the head as it is written and signed."""
        return {
            "organization": self.organization_id,
            "size": self.size,
            "root": self.root,
            "at": at_text(self.at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """Pair a head with the signature of it.

    Attributes:
        key_id: of the epoch's key that signed.
        signature: base64url without padding of 64 bytes.
    """

    head: TreeHead
    key_id: str
    signature: str

    def document(self) -> JsonObject:
        """Return the signed head as exports and anchors hold it."""
        return {**self.head.document(), "key": self.key_id, "signature": self.signature}


def signed_head_of(document: Mapping[str, object]) -> SignedHead:
    """Read a signed head back; whether the signature is right is not looked at.

    Raises:
        SignedHeadError: a member is missing, is too much, or is something else than expected.
    """
    size = document.get("size")
    texts = {name: text for name in _TEXTS if isinstance(text := document.get(name), str)}
    if type(size) is not int or len(texts) < len(_TEXTS) or len(document) != len(_TEXTS) + 1:
        raise SignedHeadError(f"the members are {sorted(document)}, expected size and {_TEXTS}")
    head = TreeHead(
        organization_id=texts["organization"],
        size=size,
        root=texts["root"],
        at=_instant(texts["at"]),
    )
    return SignedHead(head=head, key_id=texts["key"], signature=texts["signature"])


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEpoch:
    """Introduce a key that signs heads from some moment on.

    Attributes:
        key_id: as `key_id_of` makes it of the key.
        public_key: base64url without padding of 32 bytes.
        begins_at: when it was introduced, with a time zone.
        endorsed_by: the id of the key before; None for the first one.
        endorsement: that key's signature of `endorsed_bytes`, base64url without padding.
    """

    key_id: str
    public_key: str
    begins_at: datetime
    endorsed_by: str | None
    endorsement: str | None

    def endorsed_bytes(self) -> bytes:
        """Return what the key before signs."""
        document = self.document()
        del document["endorsement"]
        return _KEY_DOMAIN + canonical_bytes(document)

    def document(self) -> JsonObject:
        """Return the epoch as exports hold it."""
        return {
            "key": self.key_id,
            "public_key": self.public_key,
            "begins_at": at_text(self.begins_at),
            "endorsed_by": self.endorsed_by,
            "endorsement": self.endorsement,
        }


def key_id_of(public_key: bytes) -> str:
    """Return the id of a public key: `ak_` and the first 16 hex letters of its SHA-256."""
    return f"ak_{sha256(public_key).hexdigest()[:_KEY_ID_LETTERS]}"


def anchor_document(
    signed: SignedHead, leaves: Sequence[bytes], *, previous_size: int
) -> JsonObject:
    """Return what a sink keeps of a signed head: with it, the leaf hashes since the one before.

    Raises:
        ValueError: there are more or fewer hashes than leaves between the two sizes.
    """
    if len(leaves) != signed.head.size - previous_size or previous_size < 0:
        raise ValueError(
            f"{len(leaves)} leaf hashes for the leaves from {previous_size} to {signed.head.size}"
        )
    return {
        "format": ANCHOR_FORMAT,
        "head": signed.document(),
        "from": previous_size,
        "leaves": [leaf.hex() for leaf in leaves],
    }


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        spelled = at_text(at)
    except ValueError as error:
        raise SignedHeadError(f"the instant {text!r} can't be read: {error}") from None
    if spelled != text:
        raise SignedHeadError(f"the instant is spelled {text!r}, expected {spelled!r}")
    return at
