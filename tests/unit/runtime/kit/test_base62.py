"""Tests of base62, and its laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.kit.base62 import ALPHABET, Base62Error, decode, encode, letters_for

SIZES = st.integers(0, 80)


@given(st.binary(max_size=80))
def test_decoding_is_the_inverse_of_encoding(data: bytes) -> None:
    """No byte is lost, leading zeros included."""
    assert decode(encode(data), size_bytes=len(data)) == data


@given(st.binary(max_size=80))
def test_the_length_depends_on_the_size_alone(data: bytes) -> None:
    """Whoever knows the size knows where the text ends."""
    assert len(encode(data)) == letters_for(len(data))


@given(SIZES.flatmap(lambda size: st.tuples(*[st.binary(min_size=size, max_size=size)] * 2)))
def test_texts_of_one_length_sort_as_their_bytes(pair: tuple[bytes, bytes]) -> None:
    """The digits stand in the order of ASCII."""
    first, second = pair

    assert (encode(first) < encode(second)) == (first < second)


@given(st.integers(0, 12), st.data())
def test_what_can_be_read_is_spelled_that_way(size: int, data: st.DataObject) -> None:
    """There are no two spellings of one value."""
    letters = letters_for(size)
    text = data.draw(st.text(alphabet=ALPHABET, min_size=letters, max_size=letters))
    try:
        read = decode(text, size_bytes=size)
    except Base62Error:
        return

    assert encode(read) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"", "", id="nothing"),
        pytest.param(b"\x00", "00", id="zero"),
        pytest.param(b"\x3d", "0z", id="greatest digit"),
        pytest.param(b"\x3e", "10", id="first carry"),
        pytest.param(b"\xff" * 4, "4gfFC3", id="32 bits"),
    ],
)
def test_known_values(data: bytes, text: str) -> None:
    """The spelling is the usual one: the most significant digit comes first."""
    assert encode(data) == text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("4gfFC", "has 5 letters, expected 6", id="too short"),
        pytest.param("04gfFC3", "has 7 letters, expected 6", id="too long"),
        pytest.param("4gfFC4", "a value that 4 bytes can't hold", id="one too great"),
        pytest.param("zzzzzz", "a value that 4 bytes can't hold", id="much too great"),
        pytest.param("4gfF-3", "a letter beyond", id="another letter"),
        pytest.param("4gfF\uff113", "a letter beyond", id="a digit of another script"),
    ],
)
def test_what_spells_no_value_is_refused(text: str, problem: str) -> None:
    """The message tells the problem and keeps the text to itself."""
    with pytest.raises(Base62Error, match=problem) as caught:
        decode(text, size_bytes=4)

    assert text not in str(caught.value)
