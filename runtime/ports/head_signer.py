"""The role of who signs heads of audit logs: one key, which never leaves it.

Implemented by `adapters.ed25519_signer`, and by whatever keeps the key elsewhere.
"""

from __future__ import annotations

from typing import Protocol


class HeadSigner(Protocol):
    """Sign with one ed25519 key.

    Attributes:
        key_id: as `domain.tree_head.key_id_of` makes it of the public key.
        public_key: 32 bytes.
    """

    @property
    def key_id(self) -> str:
        """Return the name of the key."""
        ...

    @property
    def public_key(self) -> bytes:
        """Return the public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message: 64 bytes (Source: RFC 8032)."""
        ...
