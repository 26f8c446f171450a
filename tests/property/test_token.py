"""Laws of tokens."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runtime.domain.errors import TokenMalformedError
from runtime.domain.token import (
    SCANNER_PATTERN,
    TokenKind,
    TokenText,
    keyed_hash,
    matches,
    mint,
    parse_token,
)
from runtime.kit.ids import new_id

LENGTH = 4 + 86 + 6

KEYS = st.binary(min_size=32, max_size=40)
SECRETS = st.binary(min_size=32, max_size=32)


def ids(prefix: str) -> st.SearchStrategy[str]:
    """Return any id of a kind."""
    return st.builds(
        lambda now_ms, entropy: new_id(prefix, now_ms=now_ms, entropy=entropy),
        st.integers(0, 2**48 - 1),
        st.binary(min_size=10, max_size=10),
    )


PARTS = st.builds(
    TokenText,
    kind=st.sampled_from(TokenKind),
    organization_id=ids("org"),
    token_id=ids("tok"),
    secret=SECRETS,
)


def minted(token: TokenText) -> str:
    """Return the text of a token's parts."""
    return mint(
        token.kind,
        organization_id=token.organization_id,
        token_id=token.token_id,
        secret=token.secret,
    )


@given(PARTS)
def test_reading_is_the_inverse_of_minting(token: TokenText) -> None:
    """No part is lost or changed."""
    assert parse_token(minted(token)) == token


@given(PARTS)
def test_every_token_is_equally_long_and_found_by_scanners(token: TokenText) -> None:
    """The length tells nothing, and a scanner can rely on it."""
    text = minted(token)

    assert len(text) == LENGTH
    assert re.fullmatch(SCANNER_PATTERN, text)


@given(
    PARTS,
    st.integers(0, LENGTH - 1),
    st.sampled_from(string.ascii_letters + string.digits + "_-") | st.characters(),
)
def test_any_changed_character_is_refused(token: TokenText, place: int, letter: str) -> None:
    """Wherever it is and whatever it becomes, prefix and checksum included."""
    text = minted(token)
    assume(text[place] != letter)

    with pytest.raises(TokenMalformedError):
        parse_token(text[:place] + letter + text[place + 1 :])


@given(PARTS, st.integers(0, LENGTH - 2))
def test_two_letters_that_change_places_are_refused(token: TokenText, place: int) -> None:
    """The usual slip of who copies by hand is seen."""
    text = minted(token)
    assume(text[place] != text[place + 1])
    swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]

    with pytest.raises(TokenMalformedError):
        parse_token(swapped)


@given(PARTS, st.integers(0, LENGTH - 1), st.sampled_from(string.ascii_letters + string.digits))
def test_a_letter_too_few_or_too_many_is_refused(token: TokenText, place: int, letter: str) -> None:
    """Nothing is cut or padded into shape."""
    text = minted(token)

    for broken in (text[:place] + text[place + 1 :], text[:place] + letter + text[place:]):
        with pytest.raises(TokenMalformedError):
            parse_token(broken)


@given(PARTS, PARTS)
def test_different_tokens_have_different_texts(first: TokenText, second: TokenText) -> None:
    """With what can be read being written back alike: there are no two spellings of a token."""
    assert (minted(first) == minted(second)) == (first == second)


@given(st.text(alphabet=string.ascii_letters + string.digits + "_", max_size=120) | st.text())
def test_no_other_text_is_a_token(text: str) -> None:
    """Whatever can be read is exactly what would be minted from its parts."""
    try:
        token = parse_token(text)
    except TokenMalformedError:
        return
    assert minted(token) == text


@given(SECRETS, SECRETS, st.lists(KEYS, min_size=1, max_size=4), ids("tok"), ids("tok"))
def test_only_the_secret_of_the_token_matches(
    secret: bytes, other: bytes, keys: list[bytes], token_id: str, other_id: str
) -> None:
    """Under every one of the keys; another secret or another token's row under none."""
    for key in keys:
        stored = keyed_hash(secret, key=key, token_id=token_id)

        assert matches(stored, secret, keys=keys, token_id=token_id)
        assert matches(stored, other, keys=keys, token_id=token_id) == (other == secret)
        assert matches(stored, secret, keys=keys, token_id=other_id) == (other_id == token_id)
