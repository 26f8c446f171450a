"""Sign a message so that its receiver can tell who sent it, when, and that nothing was changed.

Source: Standard Webhooks 1.0: HMAC-SHA256 over id, timestamp and the raw body, in base64 behind
`v1,`; several signatures stand side by side while one secret replaces another.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Final

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"
SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # the prefix, not a secret
FEWEST_BYTES: Final = 24
MOST_BYTES: Final = 64

_MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


class SigningError(ValueError):
    """Report a secret or an id that can't sign; neither is repeated."""


def signature_headers(
    body: bytes, *, secrets: Sequence[str], message_id: str, timestamp_s: int
) -> Mapping[str, str]:
    """Return the three headers of a signed message.

    Args:
        body: the bytes as they are sent.
        secrets: each adds a signature, the newest first.
        message_id: equal in every attempt, so that the receiver can drop a repetition.
        timestamp_s: of this attempt, in seconds since 1970.

    Raises:
        SigningError: there is no secret, one is not `whsec_` and base64 of 24 to 64 bytes, or the
            id holds what could be taken for the mark between the parts.
    """
    if not secrets:
        raise SigningError("no secret to sign with, expected at least one")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise SigningError("the message id is not 1 to 128 of A-Z, a-z, 0-9, _ and -")
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp_s, body)
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp_s),
        SIGNATURE_HEADER: " ".join(f"v1,{_mac(secret_bytes(item), signed)}" for item in secrets),
    }


def secret_bytes(secret: str) -> bytes:
    """Return the key that a secret spells; the prefix may be missing.

    Raises:
        SigningError: it is no base64, or of another length than 24 to 64 bytes.
    """
    try:
        key = b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SigningError("the secret is no base64, expected whsec_ and base64") from None
    if not FEWEST_BYTES <= len(key) <= MOST_BYTES:
        raise SigningError(
            f"the secret has {len(key)} bytes, expected {FEWEST_BYTES} to {MOST_BYTES}"
        )
    return key


def _mac(key: bytes, signed: bytes) -> str:
    return b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
