"""Laws of canonical JSON, against a slow implementation that shares no code with ours."""

import json
import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal

from hypothesis import given
from hypothesis import strategies as st

from runtime.kit.canonical_json import canonical_bytes, digest, number_text, parse, parse_strict
from runtime.kit.json_value import JsonValue, json_equal

SAFE = 2**53 - 1
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["\ufb33", "\U0001f600", "\uffff", "\U00010000", "\ud7ff", "\ue000"]
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-SAFE, SAFE).map(float)
LEAVES = st.none() | st.booleans() | st.integers(-SAFE, SAFE) | FLOATS | TEXTS
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def shortest(number: float) -> Decimal:
    """Return the decimal of fewest digits that reads back as a number, the nearest if several."""
    exact = Decimal(number)
    for precision in range(1, 18):
        rounded = [
            Context(prec=precision, rounding=rounding).plus(exact)
            for rounding in (ROUND_HALF_EVEN, ROUND_FLOOR, ROUND_CEILING)
        ]
        fitting = [decimal for decimal in rounded if float(decimal) == number]
        if fitting:
            wide = Context(prec=2000)
            return min(fitting, key=lambda decimal: abs(wide.subtract(decimal, exact)))
    raise AssertionError(number)


def slow_number(number: float) -> str:
    """Spell a number as ECMAScript does, by searching for its shortest digits."""
    if number == 0:
        return "0"
    if number < 0:
        return "-" + slow_number(-number)
    decimal = shortest(number)
    digits = "".join(map(str, decimal.as_tuple().digits)).rstrip("0")
    exponent = decimal.adjusted()
    if 0 <= exponent < 21:
        whole = digits[: exponent + 1].ljust(exponent + 1, "0")
        rest = digits[exponent + 1 :]
        return f"{whole}.{rest}" if rest else whole
    if -7 < exponent < 0:
        return "0." + "0" * (-exponent - 1) + digits
    tail = f".{digits[1:]}" if digits[1:] else ""
    return f"{digits[0]}{tail}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def slow_canonical(value: JsonValue) -> str:
    """Spell a document by the words of the RFC."""
    match value:
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int() | float():
            return slow_number(value) if isinstance(value, float) else str(value)
        case list():
            return "[" + ",".join(slow_canonical(item) for item in value) + "]"
        case _:
            keys = sorted(value, key=lambda key: list(utf16_units(key)))
            return (
                "{"
                + ",".join(f"{slow_canonical(key)}:{slow_canonical(value[key])}" for key in keys)
                + "}"
            )


def utf16_units(text: str) -> list[int]:
    """Return the UTF-16 code units of a text, computed by hand."""
    units: list[int] = []
    for point in map(ord, text):
        above = point - 0x10000
        units += [point] if above < 0 else [0xD800 + (above >> 10), 0xDC00 + (above & 0x3FF)]
    return units


@given(DOCUMENTS)
def test_the_spelling_is_that_of_the_slow_implementation(document: JsonValue) -> None:
    """Every shortcut leads to the bytes that the RFC asks for."""
    assert canonical_bytes(document) == slow_canonical(document).encode()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_spelled_as_by_the_slow_implementation(number: float) -> None:
    """The spelling is right for every double, and reads back as the same one."""
    assert number_text(number) == slow_number(number)
    assert math.isclose(float(number_text(number)), number, rel_tol=0)


@given(DOCUMENTS)
def test_reading_the_spelling_gives_a_document_of_the_same_spelling(
    document: JsonValue,
) -> None:
    """Writing and reading lose nothing, by either reader."""
    spelled = canonical_bytes(document)

    for read in (parse, parse_strict):
        assert canonical_bytes(read(spelled)) == spelled


def shuffled(value: JsonValue) -> JsonValue:
    """Return the same JSON in another order of keys, its whole integers as floats."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return [shuffled(item) for item in value]
    return float(value) if type(value) is int else value


@given(DOCUMENTS, DOCUMENTS)
def test_digests_are_equal_when_documents_are(one: JsonValue, other: JsonValue) -> None:
    """A digest stands for what a document means, and for nothing else."""
    assert digest(shuffled(one)) == digest(one)
    assert (digest(one) == digest(other)) == json_equal(one, other)


ANYTHING: st.SearchStrategy[JsonValue] = st.recursive(
    LEAVES | st.floats() | st.integers() | st.binary(max_size=2) | st.text(max_size=3) | st.uuids(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=2) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(ANYTHING)
def test_any_value_is_spelled_or_refused_as_a_value_error(value: JsonValue) -> None:
    """No other exception escapes, and what is spelled can be read."""
    try:
        spelled = canonical_bytes(value)
    except ValueError:
        return

    assert canonical_bytes(parse_strict(spelled)) == spelled
