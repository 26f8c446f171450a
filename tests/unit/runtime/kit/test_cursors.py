"""A cursor carries a key there and back, and no other text is one."""

from __future__ import annotations

import base64
import hashlib

import pytest

from runtime.kit.cursors import MAX_LETTERS, CursorError, decode_cursor, encode_cursor
from runtime.kit.json_value import JsonValue


def spelled(document: bytes) -> str:
    """Spell a document as a cursor is spelled, whatever it holds."""
    checksum = hashlib.sha256(document).digest()[:4]
    return base64.urlsafe_b64encode(checksum + document).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("tok_01KDVDNA000000000000000000", id="an id"),
        pytest.param(17, id="a number"),
        pytest.param(["2026-01-01T00:00:00Z", "a"], id="several parts"),
        pytest.param("", id="an empty text"),
        pytest.param("é…", id="not of ASCII"),
    ],
)
def test_a_key_comes_back(key: JsonValue) -> None:
    """Whatever a list is sorted by."""
    text = encode_cursor(key)

    assert decode_cursor(text) == key
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("abcd", id="shorter than a checksum"),
        pytest.param("a b", id="no base64"),
        pytest.param("é", id="not of ASCII"),
        pytest.param(encode_cursor("a") + "=", id="padded"),
        pytest.param(encode_cursor("a")[:-1], id="cut off"),
        pytest.param("A" + encode_cursor("a")[1:], id="another checksum"),
        pytest.param("A" * (MAX_LETTERS + 1), id="too long"),
        pytest.param(spelled(b"nothing"), id="no JSON under a fitting checksum"),
        pytest.param(spelled(b'"a"'), id="no list"),
        pytest.param(spelled(b"[1,2]"), id="two keys"),
        pytest.param(spelled(b"[ 1]"), id="another spelling of a key"),
    ],
)
def test_any_other_text_is_refused(text: str) -> None:
    """So that each key has one cursor, and a typing error is not taken for a place."""
    with pytest.raises(CursorError, match="the cursor"):
        decode_cursor(text)


def test_a_text_with_bits_to_spare_has_one_spelling() -> None:
    """The last letter of base64 may carry bits that nobody reads: they are not ignored."""
    text = encode_cursor("ab")
    assert len(text) % 4 in {2, 3}
    twin = next(
        text[:-1] + letter
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        if letter != text[-1]
        and base64.urlsafe_b64decode(text[:-1] + letter + "==")
        == base64.urlsafe_b64decode(text + "==")
    )

    with pytest.raises(CursorError):
        decode_cursor(twin)


def test_a_key_that_is_too_large_is_ours_to_mend() -> None:
    """A list never returns a cursor that it would refuse."""
    with pytest.raises(CursorError, match="at most 512"):
        encode_cursor("a" * MAX_LETTERS)
