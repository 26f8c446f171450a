"""The quick reader of JSON agrees with the strict one on everything but NUL."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from runtime.kit.canonical_json import CanonicalJsonError, parse_strict
from runtime.kit.json_value import JsonValue
from runtime.kit.strict_json import read_strictly

PIECES = st.sampled_from(
    [b"{", b"}", b"[", b"]", b",", b":", b'"a"', b'"b"', b'"\\u0061"', b'"\\u003a"', b'":"',
     b"1", b"-0", b"1.5", b"1e308", b"1e309", b"9007199254740993", b"true", b"null", b" ", b'"\\"']
)  # fmt: skip
PAIRS = st.sampled_from(
    [b'"a":1', b'"b":[2]', b'"\\u0061":3', b'"a":":"', b'"a":"\\u003a"', b'"c":{"a":1,"a":2}']
)


def read(data: bytes) -> JsonValue:
    """Read as the strict reader does, or tell that it refuses."""
    try:
        return parse_strict(data)
    except CanonicalJsonError:
        return "refused"


def read_quickly(data: bytes) -> JsonValue:
    """Read as the quick reader does, or tell that it refuses."""
    try:
        return read_strictly(data)
    except CanonicalJsonError:
        return "refused"


@given(st.lists(PIECES, max_size=12).map(b"".join))
@example(b'{"a":1,"a":":"}')
def test_they_agree_on_any_text(data: bytes) -> None:
    """Whatever is put together from what matters in JSON."""
    assert read_quickly(data) == read(data)


@given(st.lists(PAIRS, max_size=5).map(lambda pairs: b"{" + b",".join(pairs) + b"}"))
def test_they_agree_on_repeated_keys(data: bytes) -> None:
    """A key that is lost is never overlooked, whatever its value hides."""
    assert read_quickly(data) == read(data)
