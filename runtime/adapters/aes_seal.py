"""Seal texts with AES-256-GCM under the server's keys: the first seals, all of them are tried.

Whoever has the stored bytes alone can read nothing, and what is copied to another place does not
open there.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.ports.seal import SealBrokenError

NONCE_BYTES: Final = 12
_DOMAIN: Final = b"plangate/seal/1"


class AesSeal:
    """Seal and open under keys that are made of the server's own."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Take the server's keys, the newest first; each is used for this purpose only."""
        self._keys = tuple(hmac.digest(key, _DOMAIN, hashlib.sha256) for key in keys)

    def sealed(self, text: str, *, bound_to: str) -> bytes:
        """Return a text as it may be stored; equal texts look different each time."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self._keys[0]).encrypt(nonce, text.encode(), bound_to.encode())

    def opened(self, sealed: bytes, *, bound_to: str) -> str:
        """Return the text that was sealed.

        Raises:
            SealBrokenError: none of the keys opens it, for this.
        """
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        for key in self._keys:
            try:
                return AESGCM(key).decrypt(nonce, body, bound_to.encode()).decode()
            except (InvalidTag, ValueError):
                continue
        raise SealBrokenError
