"""A token says whose it is, can be found when it leaks, and is stored as a keyed hash only."""

from __future__ import annotations

import re
import zlib

import pytest

from runtime.domain.errors import DomainError, TokenMalformedError
from runtime.domain.token import (
    LEAST_KEY_BYTES,
    SCANNER_PATTERN,
    SECRET_BYTES,
    TokenKind,
    TokenText,
    displayed,
    displayed_id,
    keyed_hash,
    matches,
    mint,
    parse_token,
)
from runtime.kit import base62
from runtime.kit.ids import IdError, new_id

ORGANIZATION = new_id("org", now_ms=1_767_225_600_000, entropy=bytes(range(10)))
TOKEN = new_id("tok", now_ms=1_767_225_600_001, entropy=bytes(range(10, 20)))
SECRET = bytes(range(100, 132))
KEY, OLD_KEY = b"k" * LEAST_KEY_BYTES, b"o" * LEAST_KEY_BYTES


def a_token(
    kind: TokenKind = TokenKind.API,
    *,
    organization_id: str = ORGANIZATION,
    token_id: str = TOKEN,
    secret: bytes = SECRET,
) -> str:
    """Return a valid token."""
    return mint(kind, organization_id=organization_id, token_id=token_id, secret=secret)


def with_checksum(text: str) -> str:
    """Return a text with the checksum that it needs."""
    return text + base62.encode(zlib.crc32(text.encode()).to_bytes(4))


@pytest.mark.parametrize("kind", TokenKind)
def test_a_token_is_read_as_it_was_minted(kind: TokenKind) -> None:
    """Kind, organization, id and secret come back."""
    assert parse_token(a_token(kind)) == TokenText(
        kind=kind, organization_id=ORGANIZATION, token_id=TOKEN, secret=SECRET
    )


def test_the_format_is_pinned() -> None:
    """Tokens that are out there stay readable: this text never changes."""
    assert a_token() == (
        "pgt_0N8UprCxGANtahIwkCji0YF9gtrTGqPkvgBEjshmux3IcrZYhPLzuo7PZ0B94RI9w7TaW5JxHz7GxrLNzgJj"
        "LH3kvdW2"
    )


def test_the_secret_is_not_in_the_repr() -> None:
    """A token in a traceback or a log opens nothing."""
    token = parse_token(a_token())

    assert "secret" not in repr(token)
    assert str(SECRET) not in repr(token)


@pytest.mark.parametrize("size", [0, SECRET_BYTES - 1, SECRET_BYTES + 1])
def test_a_secret_of_another_length_is_not_minted(size: int) -> None:
    """Less could be guessed, more would not fit."""
    with pytest.raises(ValueError, match=f"has {size} bytes, expected {SECRET_BYTES}"):
        a_token(secret=bytes(size))


@pytest.mark.parametrize(
    ("organization_id", "token_id"),
    [
        pytest.param(TOKEN, TOKEN, id="a token as an organization"),
        pytest.param(ORGANIZATION, ORGANIZATION, id="an organization as a token"),
        pytest.param(ORGANIZATION, "tok_", id="no id"),
    ],
)
def test_an_id_of_another_kind_is_not_minted(organization_id: str, token_id: str) -> None:
    """What can't be read back is not written."""
    with pytest.raises(IdError):
        a_token(organization_id=organization_id, token_id=token_id)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "shape", id="empty"),
        pytest.param(a_token()[:-1], "shape", id="cut"),
        pytest.param(a_token() + "0", "shape", id="too long"),
        pytest.param(a_token() + "\n", "shape", id="line end"),
        pytest.param(" " + a_token(), "shape", id="space"),
        pytest.param("pgx_" + a_token()[4:], "shape", id="unknown kind"),
        pytest.param(a_token().upper(), "shape", id="prefix in upper case"),
        pytest.param(a_token()[:-1] + "\uff11", "shape", id="a digit of another script"),
        pytest.param("pgs_" + a_token()[4:], "checksum", id="another kind's"),
        pytest.param(a_token()[:-6] + "000000", "checksum", id="no checksum"),
        pytest.param(with_checksum("pgt_" + "z" * 86), "no ids", id="beyond 64 bytes"),
    ],
)
def test_what_is_no_token_is_refused_and_not_repeated(text: str, problem: str) -> None:
    """The error says what is wrong and what to do, without a word of the text."""
    with pytest.raises(TokenMalformedError, match=problem) as caught:
        parse_token(text)

    assert isinstance(caught.value, DomainError)
    assert caught.value.code == "token_malformed"
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert not text.strip() or text.strip() not in str(caught.value)


def test_the_hash_is_bound_to_key_token_and_secret() -> None:
    """A row that is copied, or hashed by a stranger, opens nothing."""
    other = new_id("tok", now_ms=1, entropy=bytes(10))
    hashes = {
        keyed_hash(SECRET, key=KEY, token_id=TOKEN),
        keyed_hash(SECRET, key=OLD_KEY, token_id=TOKEN),
        keyed_hash(SECRET, key=KEY, token_id=other),
        keyed_hash(bytes(SECRET_BYTES), key=KEY, token_id=TOKEN),
    }

    assert len(hashes) == 4
    assert {len(one) for one in hashes} == {32}


def test_the_hash_is_pinned() -> None:
    """Stored hashes stay good: this value never changes."""
    assert keyed_hash(SECRET, key=KEY, token_id=TOKEN).hex() == (
        "751c24eb6eab8244150fbc2f9e8472af15312b70d614fb04e985d13809943953"
    )


@pytest.mark.parametrize("size", [0, LEAST_KEY_BYTES - 1])
def test_a_short_key_is_refused(size: int) -> None:
    """An empty or guessable key would make the hash a plain one."""
    with pytest.raises(ValueError, match=f"has {size} bytes, expected {LEAST_KEY_BYTES} or more"):
        keyed_hash(SECRET, key=bytes(size), token_id=TOKEN)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        pytest.param([KEY], True, id="the key"),
        pytest.param([OLD_KEY, KEY], True, id="last of several"),
        pytest.param([KEY, OLD_KEY], True, id="first of several"),
        pytest.param([OLD_KEY], False, id="another key"),
        pytest.param([], False, id="no key"),
    ],
)
def test_a_secret_matches_under_any_of_the_keys(keys: list[bytes], *, found: bool) -> None:
    """The server's key can be rotated without a token that stops working."""
    stored = keyed_hash(SECRET, key=KEY, token_id=TOKEN)

    assert matches(stored, SECRET, keys=keys, token_id=TOKEN) is found


@pytest.mark.parametrize(
    ("stored", "secret"),
    [
        pytest.param(keyed_hash(SECRET, key=KEY, token_id=TOKEN), bytes(32), id="secret"),
        pytest.param(keyed_hash(SECRET, key=KEY, token_id=TOKEN)[:-1], SECRET, id="cut hash"),
        pytest.param(b"", SECRET, id="empty hash"),
    ],
)
def test_another_secret_or_hash_does_not_match(stored: bytes, secret: bytes) -> None:
    """Nothing but the whole hash of the very secret will do."""
    assert matches(stored, secret, keys=[KEY, OLD_KEY], token_id=TOKEN) is False


def test_every_key_is_tried_whatever_matched_before() -> None:
    """An early end would tell by its time which key is in use: the bad last key is reached."""
    stored = keyed_hash(SECRET, key=KEY, token_id=TOKEN)

    with pytest.raises(ValueError, match="expected 32 or more"):
        matches(stored, SECRET, keys=[KEY, b"short"], token_id=TOKEN)


def test_a_list_shows_the_kind_and_the_end_of_the_id() -> None:
    """Enough to tell tokens apart; not a letter of the secret."""
    shown = displayed(a_token(TokenKind.SESSION))

    assert shown == "pgs_…" + TOKEN[-4:]
    assert shown == displayed_id(TokenKind.SESSION, token_id=TOKEN)


def test_what_is_no_token_is_not_shown() -> None:
    """A secret that was pasted into the wrong field stays out of the list."""
    with pytest.raises(TokenMalformedError):
        displayed("hunter2")


@pytest.mark.parametrize("kind", TokenKind)
def test_a_scanner_finds_leaked_tokens(kind: TokenKind) -> None:
    """The documented expression finds tokens in code, logs and URLs, and nothing around them."""
    token = a_token(kind)
    text = f'token = "{token}"; curl -H "Authorization: Bearer {token}" x?t={token}&y=1 {token}0'

    assert re.findall(SCANNER_PATTERN, text) == [token] * 3
