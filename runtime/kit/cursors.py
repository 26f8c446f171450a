"""Spell where a list goes on as an opaque text, and read none but those that were spelled here.

The checksum finds what was cut or mistyped; it is no secret, and a cursor carries no authority.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

from runtime.kit.canonical_json import CanonicalJsonError, canonical_bytes, parse
from runtime.kit.json_value import JsonValue

MAX_LETTERS: Final = 512
_CHECKSUM_BYTES: Final = 4


class CursorError(ValueError):
    """Report a text that is no cursor, or a key that is too large for one; neither is repeated."""


def encode_cursor(key: JsonValue) -> str:
    """Return the cursor of a key, such as the id of the last thing that was listed.

    Raises:
        CursorError: If the cursor would have more than `MAX_LETTERS` letters.

    >>> decode_cursor(encode_cursor(["2026-01-01", "prj_1"]))
    ['2026-01-01', 'prj_1']
    """
    spelled = canonical_bytes([key])
    text = base64.urlsafe_b64encode(_checksum(spelled) + spelled).rstrip(b"=").decode()
    if len(text) > MAX_LETTERS:
        raise CursorError(f"the cursor would have {len(text)} letters, at most {MAX_LETTERS} may")
    return text


def decode_cursor(text: str) -> JsonValue:
    """Return the key of a cursor.

    Raises:
        CursorError: If the text is not exactly one that `encode_cursor` returns.
    """
    if len(text) > MAX_LETTERS:
        raise CursorError(f"the cursor has {len(text)} letters, at most {MAX_LETTERS} may be")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise CursorError("the cursor is not base64url") from None
    checksum, spelled = data[:_CHECKSUM_BYTES], data[_CHECKSUM_BYTES:]
    if _checksum(spelled) != checksum:
        raise CursorError("the checksum of the cursor does not fit")
    return _key_of(text, spelled)


def _key_of(text: str, spelled: bytes) -> JsonValue:
    """Read a key whose checksum fits, and refuse a second spelling of the same one."""
    try:
        document = parse(spelled)
        if type(document) is list and len(document) == 1 and encode_cursor(document[0]) == text:
            return document[0]
    except CanonicalJsonError:
        pass
    raise CursorError("the cursor holds no key")


def _checksum(spelled: bytes) -> bytes:
    return hashlib.sha256(spelled).digest()[:_CHECKSUM_BYTES]
