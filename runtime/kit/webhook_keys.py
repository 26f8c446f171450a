"""Spell and read the keys that sign webhooks: shared secrets, and pairs whose half is public.

Source: Standard Webhooks 1.0: `whsec_` before a shared secret, `whsk_` and `whpk_` before the two
halves of an ed25519 pair, each in base64. A private half is spelled with its public one behind it,
64 bytes, as other senders have it; its 32 bytes alone are read as well.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SHARED_PREFIX: Final = "whsec_"
PRIVATE_PREFIX: Final = "whsk_"
PUBLIC_PREFIX: Final = "whpk_"
FEWEST_BYTES: Final = 24
MOST_BYTES: Final = 64
SHARED_BYTES: Final = 32
"""Of a new shared secret."""
SEED_BYTES: Final = 32
"""Of a pair; what both halves follow from."""


class SigningError(ValueError):
    """Report a secret or an id that can't sign; neither is repeated."""


def shared_secret(entropy: bytes) -> str:
    """Return the text of a shared secret.

    Raises:
        SigningError: it has not `SHARED_BYTES` bytes.
    """
    if len(entropy) != SHARED_BYTES:
        raise SigningError(f"the secret has {len(entropy)} bytes, expected {SHARED_BYTES}")
    return SHARED_PREFIX + b64encode(entropy).decode()


def private_key(seed: bytes) -> str:
    """Return the text of the private half of the pair that follows from a seed.

    Raises:
        SigningError: it has not `SEED_BYTES` bytes.
    """
    if len(seed) != SEED_BYTES:
        raise SigningError(f"the seed has {len(seed)} bytes, expected {SEED_BYTES}")
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return PRIVATE_PREFIX + b64encode(seed + public).decode()


def public_key(private: str) -> str:
    """Return the text of the public half that belongs to a private one.

    Raises:
        SigningError: that is no private half.
    """
    return PUBLIC_PREFIX + b64encode(_pair(private).public_key().public_bytes_raw()).decode()


def shared_bytes(secret: str) -> bytes:
    """Return the key that a shared secret spells; the prefix may be missing.

    Raises:
        SigningError: it is no base64, or of another length than 24 to 64 bytes.
    """
    key = _decoded(secret.removeprefix(SHARED_PREFIX), prefix=SHARED_PREFIX)
    if not FEWEST_BYTES <= len(key) <= MOST_BYTES:
        raise SigningError(
            f"the secret has {len(key)} bytes, expected {FEWEST_BYTES} to {MOST_BYTES}"
        )
    return key


def signed_by(private: str, message: bytes) -> bytes:
    """Return the signature of a message by a private half.

    Raises:
        SigningError: that is no private half.
    """
    return _pair(private).sign(message)


def fits_public(public: str, message: bytes, *, signature: bytes) -> bool:
    """Return whether the other half of a public key signed a message.

    Raises:
        SigningError: that is no public half.
    """
    raw = _decoded(public.removeprefix(PUBLIC_PREFIX), prefix=PUBLIC_PREFIX)
    if len(raw) != SEED_BYTES:
        raise SigningError(f"the public key has {len(raw)} bytes, expected {SEED_BYTES}")
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _pair(private: str) -> Ed25519PrivateKey:
    raw = _decoded(private.removeprefix(PRIVATE_PREFIX), prefix=PRIVATE_PREFIX)
    if len(raw) not in {SEED_BYTES, 2 * SEED_BYTES}:
        raise SigningError(
            f"the private key has {len(raw)} bytes, expected {SEED_BYTES} or {2 * SEED_BYTES}"
        )
    pair = Ed25519PrivateKey.from_private_bytes(raw[:SEED_BYTES])
    told = raw[SEED_BYTES:]
    if told and told != pair.public_key().public_bytes_raw():
        raise SigningError("the private key ends with a public half that is not its own")
    return pair


def _decoded(text: str, *, prefix: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SigningError(f"the key is no base64, expected {prefix} and base64") from None
