"""Messages between a child and its parent, and bytes that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.adapters.rego.frames import (
    LENGTH_BYTES,
    MOST_BYTES,
    FrameError,
    length_of,
    packed,
    pairs,
    unpacked,
)


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=5))
def test_a_message_arrives_as_it_was_sent(parts: list[bytes]) -> None:
    """Any parts come out as they went in, empty ones too."""
    message = packed(parts)

    assert length_of(message[:LENGTH_BYTES]) == len(message) - LENGTH_BYTES
    assert unpacked(message[LENGTH_BYTES:]) == parts


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="no part"),
        pytest.param(b"\0\0", id="ends inside a length"),
        pytest.param(b"\0\0\0\5abc", id="ends inside a part"),
    ],
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    """Bytes that were cut are not taken for a shorter message."""
    with pytest.raises(FrameError):
        unpacked(body)


def test_a_message_that_is_too_long_is_not_read() -> None:
    """The length in front is looked at before anything is read."""
    assert length_of(MOST_BYTES.to_bytes(4, "big")) == MOST_BYTES
    with pytest.raises(FrameError, match="expected at most"):
        length_of((MOST_BYTES + 1).to_bytes(4, "big"))


def test_parts_that_are_no_pairs_are_refused() -> None:
    """A path without its text is not passed over."""
    assert list(pairs([b"a", b"b", b"c", b"d"])) == [("a", "b"), ("c", "d")]
    with pytest.raises(ValueError, match="shorter"):
        list(pairs([b"a"]))
