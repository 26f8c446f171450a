"""Seal texts under a key of their own each, which is wrapped under the newest of the server's keys.

Bytes, in this order: a mark of this form, the id of the server's key, a nonce, the wrapped key of
the text, the text. The wrapped key is bound to what the text is sealed for, and seals nothing else.
So the server's key seals nothing but keys, and every text says which of them it takes. What another
form sealed is opened by who knows it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.ports.seal import Seal, SealBrokenError

MARK: Final = b"\xe1pg\x01"
KEY_ID_BYTES: Final = 8
NONCE_BYTES: Final = 12
WRAPPED_BYTES: Final = 48
"""A key of 32 bytes, with what proves it."""

_ID: Final = slice(len(MARK), len(MARK) + KEY_ID_BYTES)
_NONCE: Final = slice(_ID.stop, _ID.stop + NONCE_BYTES)
_WRAPPED: Final = slice(_NONCE.stop, _NONCE.stop + WRAPPED_BYTES)
_BODY: Final = slice(_WRAPPED.stop, None)
_KEY_BYTES: Final = 32
_WRAPPING: Final = b"plangate/seal/2"
_NAMING: Final = b"plangate/seal/2/id"
_ONLY: Final = bytes(NONCE_BYTES)
"""The nonce of a text: its key never seals another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ServerKey:
    id: bytes
    cipher: AESGCM = field(repr=False)


class EnvelopeSeal:
    """Seal under the newest of the server's keys, and open under whichever was used."""

    def __init__(self, keys: Sequence[bytes], *, before: Seal) -> None:
        """Take the server's keys, the newest first, and who opens what was sealed before.

        Raises:
            ValueError: there is no key.
        """
        if not keys:
            raise ValueError("a seal needs a key")
        made = [_server_key(key) for key in keys]
        self._newest = made[0]
        self._by_id = {key.id: key for key in made}
        self._before = before

    def sealed(self, text: str, *, bound_to: str) -> bytes:
        """Return a text as it may be stored; equal texts look different each time."""
        fresh = secrets.token_bytes(_KEY_BYTES + NONCE_BYTES)
        key, nonce = fresh[:_KEY_BYTES], fresh[_KEY_BYTES:]
        wrapped = self._newest.cipher.encrypt(nonce, key, bound_to.encode())
        body = AESGCM(key).encrypt(_ONLY, text.encode(), None)
        return b"".join((MARK, self._newest.id, nonce, wrapped, body))

    def opened(self, sealed: bytes, *, bound_to: str) -> str:
        """Return the text that was sealed.

        Raises:
            SealBrokenError: no key opens it, for this.
        """
        wrapping = self._by_id.get(sealed[_ID]) if sealed.startswith(MARK) else None
        if wrapping is None:  # by chance the older form may begin with the mark too
            return self._before.opened(sealed, bound_to=bound_to)
        try:
            key = wrapping.cipher.decrypt(sealed[_NONCE], sealed[_WRAPPED], bound_to.encode())
            return AESGCM(key).decrypt(_ONLY, sealed[_BODY], None).decode()
        except (InvalidTag, ValueError):
            raise SealBrokenError from None

    def renewed(self, sealed: bytes, *, bound_to: str) -> bytes | None:
        """Return the same text under the newest key; None: it is so already, and it opens.

        Raises:
            SealBrokenError: no key opens it, for this.
        """
        text = self.opened(sealed, bound_to=bound_to)
        if sealed.startswith(MARK + self._newest.id):
            return None
        return self.sealed(text, bound_to=bound_to)


def _server_key(key: bytes) -> _ServerKey:
    return _ServerKey(
        id=hmac.digest(key, _NAMING, hashlib.sha256)[:KEY_ID_BYTES],
        cipher=AESGCM(hmac.digest(key, _WRAPPING, hashlib.sha256)),
    )
