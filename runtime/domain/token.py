"""Spell, read, hash and compare the tokens that callers prove themselves with.

A token is `pgt_` (made for programs) or `pgs_` (a browser's session), then 86 base62 letters over
organization id, token id and 32 secret bytes, then 6 letters of CRC-32 over all before. So a
scanner finds leaked ones offline by `SCANNER_PATTERN` and the checksum, and row security can be set
before the look-up: the ids are no secret. Only `keyed_hash` of the secret is ever stored.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from runtime.domain.errors import TokenMalformedError
from runtime.kit import base62
from runtime.kit.ids import ENTROPY_BYTES, new_id, parse_id

ORGANIZATION_PREFIX: Final = "org"
TOKEN_PREFIX: Final = "tok"  # noqa: S105  # of the id, which is no secret
SECRET_BYTES: Final = 32
LEAST_KEY_BYTES: Final = 32

SCANNER_PATTERN: Final = r"\bpg[ts]_[0-9A-Za-z]{92}\b"
"""Finds tokens in any text; a hit whose last 6 letters are not the CRC-32 of the rest is none."""

_ID_BYTES: Final = 16
_TIME_BYTES: Final = _ID_BYTES - ENTROPY_BYTES
_BODY_BYTES: Final = 2 * _ID_BYTES + SECRET_BYTES
_SHAPE: Final = re.compile(r"(pg[ts]_)([0-9A-Za-z]{86})([0-9A-Za-z]{6})")
_HASH_DOMAIN: Final = b"plangate/token-secret/1"
_SHOWN_LETTERS: Final = 4


class TokenKind(StrEnum):
    """Say what a token was made for; the value is how its text begins."""

    API = "pgt_"
    SESSION = "pgs_"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenText:
    """Hold what a token says; whether that is true, the stored hash decides."""

    kind: TokenKind
    organization_id: str
    token_id: str
    secret: bytes = field(repr=False)


def mint(kind: TokenKind, *, organization_id: str, token_id: str, secret: bytes) -> str:
    """Return the text of a token, to be shown once and never stored.

    Args:
        kind: What it is for.
        organization_id: Whose it is, `org_` and 26 letters.
        token_id: Which it is, `tok_` and 26 letters.
        secret: `SECRET_BYTES` random bytes.

    Raises:
        IdError: If an id is of another kind.
        ValueError: If the secret has another length.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"the secret has {len(secret)} bytes, expected {SECRET_BYTES}")
    ids = _id_bytes(organization_id, ORGANIZATION_PREFIX) + _id_bytes(token_id, TOKEN_PREFIX)
    text = kind.value + base62.encode(ids + secret)
    return text + _checksum(text)


def parse_token(text: str) -> TokenText:
    """Return what a token says.

    Raises:
        TokenMalformedError: If the text is not exactly one that `mint` returns; the message never
            repeats it.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise TokenMalformedError(problem="it has not the shape of a token")
    prefix, body, checksum = shape.groups()
    if _checksum(prefix + body) != checksum:
        raise TokenMalformedError(problem="its checksum does not fit")
    try:
        data = base62.decode(body, size_bytes=_BODY_BYTES)
    except base62.Base62Error:
        raise TokenMalformedError(problem="it spells no ids and secret") from None
    return TokenText(
        kind=TokenKind(prefix),
        organization_id=_id_text(data[:_ID_BYTES], ORGANIZATION_PREFIX),
        token_id=_id_text(data[_ID_BYTES : 2 * _ID_BYTES], TOKEN_PREFIX),
        secret=data[2 * _ID_BYTES :],
    )


def keyed_hash(secret: bytes, *, key: bytes, token_id: str) -> bytes:
    """Return the 32 bytes that are stored in place of a secret.

    Bound to the token id, so that a row copied onto another token opens nothing; a stolen table is
    of no use without the server's key.

    Raises:
        ValueError: If the key is shorter than `LEAST_KEY_BYTES`.
    """
    if len(key) < LEAST_KEY_BYTES:
        raise ValueError(f"the key has {len(key)} bytes, expected {LEAST_KEY_BYTES} or more")
    message = b"\0".join((_HASH_DOMAIN, token_id.encode(), secret))
    return hmac.digest(key, message, hashlib.sha256)


def matches(stored: bytes, secret: bytes, *, keys: Sequence[bytes], token_id: str) -> bool:
    """Return whether a secret is the one that was stored, under any of the server's keys.

    Every key is tried whatever the others say, so that the time tells nothing.
    """
    found = False
    for key in keys:
        found |= hmac.compare_digest(stored, keyed_hash(secret, key=key, token_id=token_id))
    return found


def displayed(text: str) -> str:
    """Return what may be shown of a token, in a list or a log.

    Raises:
        TokenMalformedError: As `parse_token`.
    """
    token = parse_token(text)
    return displayed_id(token.kind, token_id=token.token_id)


def displayed_id(kind: TokenKind, *, token_id: str) -> str:
    """Return what may be shown of a token of which only the id is at hand.

    >>> displayed_id(TokenKind.API, token_id="tok_01KDVDNA000000000000007XQ2")
    'pgt_…7XQ2'
    """
    return f"{kind.value}…{token_id[-_SHOWN_LETTERS:]}"


def _checksum(text: str) -> str:
    return base62.encode(zlib.crc32(text.encode()).to_bytes(4))


def _id_bytes(identifier: str, prefix: str) -> bytes:
    parsed = parse_id(identifier, prefix)
    return parsed.created_ms.to_bytes(_TIME_BYTES) + parsed.entropy


def _id_text(data: bytes, prefix: str) -> str:
    return new_id(prefix, now_ms=int.from_bytes(data[:_TIME_BYTES]), entropy=data[_TIME_BYTES:])
