"""Tests of the canonical spelling of JSON."""

import datetime as dt
import enum
import hashlib
import struct
import uuid
from collections.abc import Callable

import pytest

from runtime.kit.canonical_json import (
    MAX_DEPTH,
    CanonicalJsonError,
    canonical_bytes,
    canonical_text,
    digest,
    digest_bytes,
    number_text,
    parse,
    parse_strict,
)
from runtime.kit.json_value import JsonValue


class Colour(enum.StrEnum):
    """Stand for a value that orjson would write, and a reader would not give back."""

    RED = "red"


def nested(levels: int) -> JsonValue:
    """Return as many arrays, one in the other."""
    value: JsonValue = []
    for _ in range(levels - 1):
        value = [value]
    return value


# The doubles of RFC 8785, appendix B: their bits and their spelling.
APPENDIX_B = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize(("bits", "text"), APPENDIX_B, ids=[bits for bits, _ in APPENDIX_B])
def test_numbers_of_the_rfc_are_spelled_as_it_says(bits: str, text: str) -> None:
    """The published samples come out digit for digit, alone and inside a document."""
    (number,) = struct.unpack(">d", bytes.fromhex(bits))

    assert number_text(number) == text
    assert canonical_text(number) == text
    assert canonical_text({"a": [number]}) == f'{{"a":[{text}]}}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param({"b": 1, "a": {"d": 2, "c": 3}}, '{"a":{"c":3,"d":2},"b":1}', id="sorted"),
        pytest.param({"10": 0, "9": 0, "": 0}, '{"":0,"10":0,"9":0}', id="keys are texts"),
        pytest.param(1.0, "1", id="whole float"),
        pytest.param(-0.0, "0", id="minus zero"),
        pytest.param(1e-7, "1e-7", id="small exponent"),
        pytest.param(0.00001, "0.00001", id="five places"),
        pytest.param(0.000002, "0.000002", id="six places"),
        pytest.param(1e20, "100000000000000000000", id="below the exponent"),
        pytest.param(1.5e300, "1.5e+300", id="fraction with exponent"),
        pytest.param(-12.5, "-12.5", id="negative fraction"),
        pytest.param(2**53 - 1, "9007199254740991", id="largest safe integer"),
        pytest.param(1 - 2**53, "-9007199254740991", id="smallest safe integer"),
        pytest.param([True, False, None, 1], "[true,false,null,1]", id="literals stay themselves"),
        pytest.param('"\\/\b\f\n\r\t', r'"\"\\/\b\f\n\r\t"', id="short escapes"),
        pytest.param("\x00\x1f\x7f", '"\\u0000\\u001f\x7f"', id="control characters"),
        pytest.param("é€😀\u2028", '"é€😀\u2028"', id="other characters as they are"),
        pytest.param("text", '"text"', id="a lone text"),
        pytest.param({}, "{}", id="empty object"),
    ],
)
def test_values_have_one_spelling(value: JsonValue, text: str) -> None:
    """Keys are sorted, numbers and texts follow ECMAScript."""
    assert canonical_text(value) == text
    assert canonical_bytes(value) == text.encode()


def test_keys_sort_by_utf16_units_where_that_differs_from_code_points() -> None:
    """An emoji is written with surrogates, which come before U+FB33."""
    value = {"\ufb33": 1, "\U0001f600": [{"\uffff": 1.0, "\U00010000": 2.5}], "é": 3}

    text = canonical_text(value)

    assert text == '{"é":3,"\U0001f600":[{"\U00010000":2.5,"\uffff":1}],"\ufb33":1}'


@pytest.mark.parametrize("value", [9007199254740992, -(10**16), 295147905179352830000])
def test_an_integer_that_spells_a_double_passes(value: int) -> None:
    """What the spelling of a large float is read back as has that spelling again."""
    assert canonical_text(value) == str(value)
    assert canonical_bytes(parse(canonical_bytes(float(value)))) == canonical_bytes(float(value))


@pytest.mark.parametrize(
    ("value", "pointer", "found"),
    [
        pytest.param({"a": [0, float("nan")]}, "/a/1", "the float nan", id="NaN"),
        pytest.param({"a": float("-inf")}, "/a", "the float -inf", id="infinity"),
        pytest.param(float("inf"), "", "the float inf", id="a lone infinity"),
        pytest.param({"n": 2**53 + 1}, "/n", "an integer of 54 bits", id="unsafe integer"),
        pytest.param([-(2**53) - 1], "/0", "an integer of 54 bits", id="unsafe negative integer"),
        pytest.param({"n": 10**21}, "/n", "an integer of 70 bits", id="too long for a double"),
        pytest.param({"n": 10**400}, "/n", "an integer of 1329 bits", id="beyond any double"),
        pytest.param({"a/b": "\ud800"}, "/a~1b", "the text '\\ud800'", id="lone surrogate"),
        pytest.param({"x": {"\udfff": 1}}, "/x", "the text '\\udfff'", id="lone surrogate key"),
        pytest.param({"x": {1: 2}}, "/x", "an object with the key 1", id="number as key"),
        pytest.param({"x": {Colour.RED: 2}}, "/x", "an object with the key", id="enum as key"),
        pytest.param({"x": Colour.RED}, "/x", "a Python Colour", id="enum"),
        pytest.param([(1, 2)], "/0", "a Python tuple", id="tuple"),
        pytest.param(
            [{"at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}],
            "/0/at",
            "a Python datetime",
            id="time",
        ),
        pytest.param(uuid.UUID(int=0), "", "a Python UUID", id="lone UUID"),
        pytest.param(b"x", "", "a Python bytes", id="bytes"),
        pytest.param({"f": 1.0, "x": "\ud800"}, "/x", "the text", id="surrogate after a float"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(
    value: JsonValue, pointer: str, found: str
) -> None:
    """The error names the pointer, what stood there and what was expected."""
    with pytest.raises(CanonicalJsonError) as caught:
        canonical_bytes(value)

    assert caught.value.pointer == pointer
    assert caught.value.found.startswith(found)
    assert str(caught.value) == (
        f"{repr(pointer) if pointer else 'the document'} is {caught.value.found}, "
        f"expected {caught.value.expected}"
    )


def test_depth_is_limited() -> None:
    """The deepest allowed document passes; one level more, and a cycle, are refused."""
    cycle: list[JsonValue] = []
    cycle.append(cycle)

    assert canonical_text(nested(MAX_DEPTH)) == "[" * MAX_DEPTH + "]" * MAX_DEPTH
    for value in (nested(MAX_DEPTH + 1), nested(5000), cycle):
        with pytest.raises(CanonicalJsonError, match="nested deeper than 250 levels"):
            canonical_bytes(value)


def test_canonicalising_leaves_the_document_alone() -> None:
    """Floats are rewritten in a copy."""
    value = {"b": [1.0, {"c": -0.0}], "a": 1e21}

    canonical_bytes(value)

    assert repr(value) == "{'b': [1.0, {'c': -0.0}], 'a': 1e+21}"


def test_digest_is_that_of_the_canonical_bytes() -> None:
    """Anybody can compute it with a RFC 8785 library and SHA-256."""
    assert digest({"b": 1.0, "a": 2}) == "sha256:" + hashlib.sha256(b'{"a":2,"b":1}').hexdigest()
    assert digest_bytes(b"abc") == "sha256:" + hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize("read", [parse, parse_strict])
@pytest.mark.parametrize(
    "text",
    ["NaN", "-Infinity", "1e400", '"\\ud800"', "[1,]", "{'a':1}", "", "1 2", b"\xff", "01"],
)
def test_what_no_json_reader_reads_is_refused(
    read: Callable[[str | bytes], JsonValue], text: str | bytes
) -> None:
    """Both readers refuse what the standard library would let pass."""
    with pytest.raises(CanonicalJsonError, match="expected one JSON document in UTF-8"):
        read(text)


def test_reading_gives_the_document() -> None:
    """Both readers accept text and bytes."""
    document = {"a": [1, 2.5, True, None, "é"]}

    assert parse('{"a":[1,2.5,true,null,"é"]}') == document
    assert parse_strict('{"a":[1,2.5,true,null,"é"]}'.encode()) == document


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        pytest.param('{"a":1,"a":1}', "/a", id="at the top"),
        pytest.param('{"z":[0,{"k":{"a":1,"b":2,"b":3}}]}', "/z/1/k/b", id="deep inside"),
        pytest.param('{"a":{"x":1,"x":2},"a":0}', "/a", id="inside what is overwritten"),
        pytest.param('{"e":{"x":1},"f":[{"x":1},{"x":1,"x":1}]}', "/f/1/x", id="among equals"),
        pytest.param('{"a":1,"\\u0061":2}', "/a", id="spelled with an escape"),
    ],
)
def test_repeated_key_is_refused_by_the_strict_reader(text: str, pointer: str) -> None:
    """Readers disagree on which value counts, so neither does."""
    with pytest.raises(CanonicalJsonError, match="is a repeated key") as caught:
        parse_strict(text)

    assert caught.value.pointer == pointer
    assert parse(text) is not None


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        pytest.param('{"n":9007199254740993}', "/n", id="between two doubles"),
        pytest.param('{"n":18446744073709551617}', "/n", id="beyond 64 bits"),
        pytest.param("[" * 251 + "]" * 251, "/0" * 250, id="too deep"),
        pytest.param("[" * 1000 + "]" * 1000, "/0" * 250, id="deeper than json recurses"),
    ],
)
def test_what_has_no_canonical_spelling_is_refused_by_the_strict_reader(
    text: str, pointer: str
) -> None:
    """What is read strictly can be digested."""
    with pytest.raises(CanonicalJsonError) as caught:
        parse_strict(text)

    assert caught.value.pointer == pointer
