"""Sign a message so that its receiver can tell who sent it, when, and that nothing was changed.

Source: Standard Webhooks 1.0: over id, timestamp and the raw body, HMAC-SHA256 in base64 behind
`v1,` or ed25519 behind `v1a,`; several signatures stand side by side while one secret replaces
another.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Final

from runtime.kit.webhook_keys import (
    PRIVATE_PREFIX,
    PUBLIC_PREFIX,
    SHARED_PREFIX,
    SigningError,
    fits_public,
    public_key,
    shared_bytes,
    signed_by,
)

ID_HEADER: Final = "webhook-id"
TIMESTAMP_HEADER: Final = "webhook-timestamp"
SIGNATURE_HEADER: Final = "webhook-signature"
SECRET_PREFIX: Final = SHARED_PREFIX
TOLERANCE_S: Final = 300
"""How far the instant of a message may be from a reader's, in either direction."""

_MESSAGE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SECONDS: Final = re.compile(r"[1-9][0-9]{0,10}", re.ASCII)
_MOST_SIGNATURES: Final = 32


def signature_headers(
    body: bytes, *, secrets: Sequence[str], message_id: str, timestamp_s: int
) -> Mapping[str, str]:
    """Return the three headers of a signed message.

    Args:
        body: the bytes as they are sent.
        secrets: each adds a signature, the newest first: `v1a` for `whsk_`, `v1` for any other.
        message_id: equal in every attempt, so that the receiver can drop a repetition.
        timestamp_s: of this attempt, in seconds since 1970.

    Raises:
        SigningError: there is no secret, one is neither `whsec_` and base64 of 24 to 64 bytes nor
            `whsk_` and a private key, or the id holds what could be taken for the mark between
            the parts.
    """
    if not secrets:
        raise SigningError("no secret to sign with, expected at least one")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise SigningError("the message id is not 1 to 128 of A-Z, a-z, 0-9, _ and -")
    signed = _signed(message_id, str(timestamp_s), body)
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp_s),
        SIGNATURE_HEADER: " ".join(_signature(item, signed) for item in secrets),
    }


def verified(
    body: bytes, headers: Mapping[str, str], *, keys: Sequence[str], now_s: int
) -> str | None:
    """Return why a message can't be believed, or None if one of the keys fits.

    Args:
        body: the bytes as they came.
        headers: names in lower case.
        keys: `whsec_` for `v1`, `whpk_` (or `whsk_`) for `v1a`.
        now_s: seconds since 1970.

    Raises:
        SigningError: a key is none.
    """
    message_id, stated = headers.get(ID_HEADER, ""), headers.get(TIMESTAMP_HEADER, "")
    if not _MESSAGE_ID.fullmatch(message_id):
        return f"there is no {ID_HEADER} that names a message"
    if not _SECONDS.fullmatch(stated):
        return f"there is no {TIMESTAMP_HEADER} in seconds since 1970"
    if abs(now_s - int(stated)) > TOLERANCE_S:
        return f"it was signed {now_s - int(stated)} s ago, expected at most {TOLERANCE_S} s"
    given = headers.get(SIGNATURE_HEADER, "").split(" ")[:_MOST_SIGNATURES]
    signed = _signed(message_id, stated, body)
    fitting = [_fits(key, signed, given) for key in keys]  # each is tried: the time tells nothing
    return None if any(fitting) else "no signature fits a key"


def secret_bytes(secret: str) -> bytes:
    """Return the key that a shared secret spells; the prefix may be missing.

    Raises:
        SigningError: it is no base64, or of another length than 24 to 64 bytes.
    """
    return shared_bytes(secret)


def _signed(message_id: str, timestamp: str, body: bytes) -> bytes:
    return b"%s.%s.%s" % (message_id.encode(), timestamp.encode(), body)


def _signature(secret: str, signed: bytes) -> str:
    if secret.startswith(PRIVATE_PREFIX):
        return f"v1a,{b64encode(signed_by(secret, signed)).decode()}"
    return f"v1,{b64encode(_mac(secret_bytes(secret), signed)).decode()}"


def _fits(key: str, signed: bytes, given: Sequence[str]) -> bool:
    if key.startswith((PUBLIC_PREFIX, PRIVATE_PREFIX)):
        public = public_key(key) if key.startswith(PRIVATE_PREFIX) else key
        return sum(fits_public(public, signed, signature=item) for item in _made("v1a", given)) > 0
    expected = _mac(secret_bytes(key), signed)
    return sum(hmac.compare_digest(expected, item) for item in _made("v1", given)) > 0


def _made(version: str, given: Sequence[str]) -> Sequence[bytes]:
    """Return the signatures of a version; what is no base64 is none."""
    made = []
    for item in given:
        found, _, text = item.partition(",")
        try:
            raw = b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
        if found == version:
            made.append(raw)
    return made


def _mac(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, signed, hashlib.sha256)
