"""Sign heads of audit logs with an ed25519 key that the server is given as a seed of 32 bytes."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runtime.domain.tree_head import key_id_of

SEED_BYTES: Final = 32
MOST_KEYS: Final = 20
_HEX: Final = re.compile(r"[0-9A-Fa-f]{64}")


class SignerKeyError(ValueError):
    """Report a text that holds no seeds; it repeats nothing of them."""


class Ed25519Signer:
    """Sign with a key in the memory of this process; a `HeadSigner`."""

    __slots__ = ("_key", "key_id", "public_key")

    def __init__(self, seed: bytes) -> None:
        """Take the seed of the key.

        Raises:
            SignerKeyError: it has another length.
        """
        if len(seed) != SEED_BYTES:
            raise SignerKeyError(f"a seed has {len(seed)} bytes, expected {SEED_BYTES}")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.key_id = key_id_of(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message."""
        return self._key.sign(message)

    @classmethod
    def of_text(cls, text: str) -> tuple[Self, ...]:
        """Return signers of seeds, in base64url or hex, between commas, the newest first.

        Raises:
            SignerKeyError: a seed can't be read, or there are none, too many, or two alike.
        """
        seeds = [part.strip() for part in text.split(",")]
        if len(seeds) > MOST_KEYS:
            raise SignerKeyError(f"there are {len(seeds)} seeds, expected at most {MOST_KEYS}")
        signers = tuple(cls(_seed(seed, place)) for place, seed in enumerate(seeds, 1))
        if len({signer.key_id for signer in signers}) < len(signers):
            raise SignerKeyError("two seeds are the same, expected each once")
        return signers


def _seed(text: str, place: int) -> bytes:
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    try:
        seed = urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != SEED_BYTES:
        raise SignerKeyError(
            f"seed {place} can't be read, expected {SEED_BYTES} bytes in base64url or hex: "
            "make one with `openssl rand -hex 32`"
        )
    return seed
