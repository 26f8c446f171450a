"""Laws of references: one spelling each, and none that leaves its prefix."""

from __future__ import annotations

import string
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.secret_reference import (
    SecretRef,
    SecretReferenceError,
    is_reference,
    read_reference,
)

SEGMENTS = st.text(string.ascii_letters + string.digits + "_.@+=:-", min_size=1, max_size=12)
PATHS = st.lists(SEGMENTS.filter(lambda part: part not in {".", ".."}), min_size=2, max_size=5)
FIELDS = st.none() | st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=9)
NUMBERS = st.none() | st.integers(1, 999_999).map(str)
NEAR = st.lists(
    st.sampled_from(
        [
            *("vault", "file", "env", "awssm", "://", "/", "//", "..", ".", "kv", "A", "#", "?"),
            *("version=", "stage=", "1", "%2e", "\u0661", "\n", " ", "&", "\\"),
        ]
    ),
    max_size=9,
).map("".join)


@given(PATHS, FIELDS, NUMBERS)
def test_what_is_written_is_read_again(
    path: list[str], field: str | None, version: str | None
) -> None:
    """`read_reference` undoes `text`."""
    reference = SecretRef(scheme="vault", path="/".join(path), field=field, version=version)

    assert read_reference(reference.text()) == reference
    assert is_reference(reference.text())


@given(NEAR | st.text(max_size=40))
def test_what_is_read_has_no_second_spelling(text: str) -> None:
    """So prefixes can be compared as texts, and none leads back out of itself."""
    with suppress(SecretReferenceError):
        reference = read_reference(text)

        assert reference.text() == text
        assert text.isascii()
        assert not {".", ".."} & set(reference.path.split("/"))
        assert "//" not in reference.path
        assert "%" not in text


@given(st.text(min_size=12, max_size=40).filter(lambda text: not is_reference(text)))
def test_an_error_repeats_nothing(text: str) -> None:
    """What was given may be the secret itself."""
    with pytest.raises(SecretReferenceError) as caught:
        read_reference(text)

    assert text not in str(caught.value)
