"""What strangers send is read as `parse_strict` reads it, and a NUL is refused."""

from __future__ import annotations

import pytest

from runtime.kit.canonical_json import CanonicalJsonError, parse_strict
from runtime.kit.strict_json import read_strictly


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"a":[1,2.5,true,null,"x:y"]}', id="plain"),
        pytest.param(b' {"a" : {"b": "\xc3\xa9"} } ', id="spaces, and not of ASCII"),
        pytest.param(b'"\\u003a\\n"', id="escapes"),
        pytest.param(b"9007199254740991", id="the largest integer"),
        pytest.param(b'"2026-01-01T00:00:00:000"', id="colons in a text"),
        pytest.param(b"[" * 200 + b"]" * 200, id="deep, but not too deep"),
        pytest.param(b'["' + b"[" * 300 + b'"]', id="brackets in a text"),
    ],
)
def test_it_reads_what_the_strict_reader_reads(data: bytes) -> None:
    """By the quick way or the slow one."""
    assert read_strictly(data) == parse_strict(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"a":1,"a":1}', id="a key twice"),
        pytest.param(b'{"b":{"a":1,"a":{"c":1}}}', id="a key twice, further in"),
        pytest.param(
            b'{"a":1,"\\u0061":":"}', id="a key twice, once escaped, and a colon to hide it"
        ),
        pytest.param(b'{"a":"\\u003a","a":1}', id="an escaped colon in what is lost"),
        pytest.param(b"NaN", id="NaN"),
        pytest.param(b"[Infinity]", id="infinity"),
        pytest.param(b"1e999", id="a number beyond a double"),
        pytest.param(b"9007199254740993", id="an integer beyond a double"),
        pytest.param(b"123456789012345678901234567890", id="an integer beyond 64 bits"),
        pytest.param(b'"\\ud800"', id="half a character"),
        pytest.param(b'"\xed\xa0\x80"', id="half a character, spelled out"),
        pytest.param(b'"\xff"', id="no UTF-8"),
        pytest.param(b"[" * 251 + b"]" * 251, id="too deep"),
        pytest.param(b'{"a":' * 300 + b"1" + b"}" * 300, id="too deep, in objects"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"1 2", id="two documents"),
        pytest.param(b'"a\x00b"', id="a NUL as it is"),
    ],
)
def test_it_refuses_what_the_strict_reader_refuses(data: bytes) -> None:
    """The quick way lets nothing through."""
    with pytest.raises(CanonicalJsonError):
        parse_strict(data)
    with pytest.raises(CanonicalJsonError):
        read_strictly(data)


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        pytest.param(b'"\\u0000"', "", id="the document"),
        pytest.param(b'{"a":[1,"x\\u0000"]}', "/a/1", id="a text, deep inside"),
        pytest.param(b'{"a":{"x\\u0000":1}}', "/a", id="a key"),
    ],
)
def test_a_nul_is_refused_with_its_place(data: bytes, pointer: str) -> None:
    """No database keeps one, and a fault of the database would be ours."""
    with pytest.raises(CanonicalJsonError, match="NUL") as caught:
        read_strictly(data)

    assert caught.value.pointer == pointer


def test_a_backslash_before_the_same_letters_is_no_nul() -> None:
    """It is a text that speaks of one."""
    assert read_strictly(b'"\\\\u0000"') == "\\u0000"
