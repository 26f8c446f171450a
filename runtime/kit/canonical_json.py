"""Write JSON in its one canonical spelling and digest it (Source: RFC 8785).

Equal documents give equal bytes, so a digest can stand for a document. This is the engine's hot
path: orjson does the writing, after one walk that only looks. A document is copied when the walk
meets what orjson spells differently, such as 25.0, and searched with pointers when it is refused.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

import orjson

from runtime.kit.json_pointer import join
from runtime.kit.json_value import JsonObject, JsonValue

MAX_DEPTH: Final = 250  # below orjson's own limit of 254, so that the refusal is ours
MAX_SAFE_INTEGER: Final = 2**53 - 1

_UNCHANGED: Final[frozenset[type]] = frozenset({str, int, bool, type(None)})
_NOTHING: Final[frozenset[type]] = frozenset()
_STRICT: Final = (
    orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
_SORTED: Final = _STRICT | orjson.OPT_SORT_KEYS
_BEYOND_SURROGATES: Final = re.compile(rb"[\xee\xef]")  # lead bytes of U+E000 to U+FFFF
_ASTRAL: Final = re.compile(rb"[\xf0-\xf4]")  # lead bytes of what UTF-16 writes as surrogates
_SURE_FROM: Final = 1e-5  # from here on, and up to the next, fractions need no exponent anywhere
_SURE_BELOW: Final = 1e15
_MAX_WHOLE_DIGITS: Final = 21  # ECMAScript writes an exponent from 1e21 on
_MAX_LEADING_ZEROS: Final = 6  # and below 1e-6


class CanonicalJsonError(ValueError):
    """Report a value that has no canonical JSON, with the pointer to it."""

    def __init__(self, *, pointer: str, found: str, expected: str) -> None:
        self.pointer = pointer
        self.found = found
        self.expected = expected
        where = repr(pointer) if pointer else "the document"
        super().__init__(f"{where} is {found}, expected {expected}")


def canonical_bytes(value: JsonValue) -> bytes:
    """Return the canonical UTF-8 spelling of a document.

    An int beyond ±(2**53 - 1) passes only if it is how a double is spelled: that is what reading
    the spelling of 1e16 gives back.

    Raises:
        CanonicalJsonError: If something in it is not JSON that every reader reads alike.

    >>> canonical_bytes({"b": 25.0, "a": [1e21, -0.0, True]})
    b'{"a":[1e+21,0,true],"b":25}'
    """
    try:
        plain = value if _is_plain(value) else _rewritten(value, unseen=_UNCHANGED)
        data = orjson.dumps(plain, option=_SORTED)
    except TypeError:
        plain = _rewritten(value, unseen=_NOTHING)  # finds the place and says it
        data = orjson.dumps(plain, option=_SORTED)
    if data.isascii() or not (_BEYOND_SURROGATES.search(data) and _ASTRAL.search(data)):
        return data  # the order of code points, which orjson keeps, is that of UTF-16 here
    return orjson.dumps(_in_utf16_order(plain), option=_STRICT)


def canonical_text(value: JsonValue) -> str:
    """Return the canonical spelling of a document as text; raise as `canonical_bytes` does."""
    return canonical_bytes(value).decode()


def digest(value: JsonValue) -> str:
    """Return "sha256:" and the hex SHA-256 of a document's canonical spelling.

    >>> digest({"a": 1, "b": 2.0}) == digest({"b": 2, "a": 1})
    True
    """
    return digest_bytes(canonical_bytes(value))


def digest_bytes(data: bytes) -> str:
    """Return "sha256:" and the hex SHA-256 of bytes.

    >>> digest_bytes(b"")[:23]
    'sha256:e3b0c44298fc1c14'
    """
    return "sha256:" + hashlib.sha256(data).hexdigest()


def parse(text: str | bytes) -> JsonValue:
    """Read JSON that we wrote; of a repeated key the last value stays.

    Raises:
        CanonicalJsonError: If it is not JSON: NaN, Infinity and lone surrogates are not.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise CanonicalJsonError(
            pointer="", found=f"not readable ({error})", expected="one JSON document in UTF-8"
        ) from None


def parse_strict(text: str | bytes) -> JsonValue:
    """Read JSON that others wrote: refuse what two readers could read differently.

    Raises:
        CanonicalJsonError: As `parse`, and for a repeated key, for an integer that a double can
            not hold, and for more than `MAX_DEPTH` levels.

    >>> parse_strict('{"limit": 1, "limit": 9}')
    Traceback (most recent call last):
    ...
    runtime.kit.canonical_json.CanonicalJsonError: '/limit' is a repeated key, expected each once
    """
    canonical_bytes(parse(text))  # the syntax, which json is lax about, and the depth
    repeated: list[tuple[JsonObject, str]] = []

    def as_object(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
        document = dict(pairs)
        if len(document) != len(pairs):
            repeated.append((document, _first_repeated([key for key, _ in pairs])))
        return document

    document = json.loads(text, object_pairs_hook=as_object)
    if repeated:
        culprit, key = repeated[-1]  # the last one closed: nothing around it was overwritten
        raise CanonicalJsonError(
            pointer=join((*(_path_to(culprit, document) or ()), key)),
            found="a repeated key",
            expected="each once",
        )
    canonical_bytes(document)  # the integers, which orjson had rounded beyond 64 bits
    return document


def number_text(number: float) -> str:
    """Spell a finite number as ECMAScript does (Source: ECMA-262, Number::toString).

    >>> [number_text(n) for n in (1.0, -0.0, 1e-7, 1.5e300)]
    ['1', '0', '1e-7', '1.5e+300']
    """
    if number == 0:
        return "0"
    negative, digit_tuple, exponent = Decimal(repr(number)).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    point = len(digits) + int(exponent)  # where the decimal point stands, counted from the left
    sign = "-" if negative else ""
    if len(digits) <= point <= _MAX_WHOLE_DIGITS:
        return sign + digits.ljust(point, "0")
    if 0 < point <= _MAX_WHOLE_DIGITS:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -_MAX_LEADING_ZEROS < point <= 0:
        return f"{sign}0.{digits.rjust(len(digits) - point, '0')}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1:+d}"


def _is_plain(value: JsonValue, depth: int = 0) -> bool:
    """Return whether orjson alone spells this container canonically, or refuses it."""
    kind = type(value)
    if depth >= MAX_DEPTH or not (kind is dict or kind is list):
        return False
    for item in value.values() if kind is dict else value:
        kind = type(item)
        if kind in _UNCHANGED:
            continue
        if kind is float:
            if not _orjson_agrees(item):
                return False
        elif not _is_plain(item, depth + 1):
            return False
    return True


def _orjson_agrees(number: float) -> bool:
    """Return whether orjson spells a number as ECMAScript does, by a range that is sure."""
    return _SURE_FROM <= abs(number) < _SURE_BELOW and number % 1 != 0


def _rewritten(value: JsonValue, *, unseen: frozenset[type], depth: int = 0) -> JsonValue:
    """Return a copy that orjson spells canonically, or refuse the value with its pointer.

    Members of the `unseen` types are taken as they are, and their keys with them: orjson refuses
    the bad ones too, only without the place.
    """
    kind = type(value)
    if kind in _SPELLINGS:
        return _SPELLINGS[kind](value)
    if not (kind is dict or kind is list):
        raise _refused(f"a Python {kind.__name__}", "null, bool, int, float, str, list or dict")
    if depth >= MAX_DEPTH:
        raise _refused(f"nested deeper than {MAX_DEPTH} levels", "a flatter document")

    def member(key: str | int, item: JsonValue) -> JsonValue:
        try:
            return _rewritten(item, unseen=unseen, depth=depth + 1)
        except CanonicalJsonError as error:
            raise CanonicalJsonError(
                pointer=join((str(key),)) + error.pointer,
                found=error.found,
                expected=error.expected,
            ) from None

    if kind is list:
        return [
            item if type(item) in unseen else member(index, item)
            for index, item in enumerate(value)
        ]
    return {
        key if unseen else _key(key): item if type(item) in unseen else member(key, item)
        for key, item in value.items()
    }


def _key(key: object) -> str:
    if type(key) is not str:
        raise _refused(f"an object with the key {key!r}", "keys of type str")
    return _text(key)


def _text(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _refused(f"the text {text!r}", "Unicode without lone surrogates") from None
    return text


def _integer(number: int) -> JsonValue:
    if abs(number) <= MAX_SAFE_INTEGER:
        return number
    if abs(number) < 10**_MAX_WHOLE_DIGITS and number_text(float(number)) == str(number):
        return _real(float(number))
    raise _refused(
        f"an integer of {number.bit_length()} bits",
        "an integer within ±(2**53 - 1); send a larger one as text",
    )


def _real(number: float) -> JsonValue:
    if _orjson_agrees(number):
        return number
    if not math.isfinite(number):
        raise _refused(f"the float {number}", "a finite number")
    if abs(number) <= MAX_SAFE_INTEGER and number.is_integer():
        return int(number)
    return orjson.Fragment(number_text(number))


def _same(value: JsonValue) -> JsonValue:
    return value


_SPELLINGS: Final[Mapping[type, Callable[[JsonValue], JsonValue]]] = {
    str: _text,
    int: _integer,
    float: _real,
    bool: _same,
    type(None): _same,
}


def _refused(found: str, expected: str) -> CanonicalJsonError:
    return CanonicalJsonError(pointer="", found=found, expected=expected)


def _in_utf16_order(value: JsonValue) -> JsonValue:
    if type(value) is list:
        return [_in_utf16_order(item) for item in value]
    if type(value) is dict:
        return {key: _in_utf16_order(value[key]) for key in sorted(value, key=_utf16)}
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _first_repeated(keys: list[str]) -> str:
    return next(key for index, key in enumerate(keys) if key in keys[:index])


def _path_to(culprit: JsonObject, value: JsonValue) -> tuple[str, ...] | None:
    """Return the tokens that lead from a value to an object inside it, or None."""
    if value is culprit:
        return ()
    if not isinstance(value, dict | list):
        return None
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        path = _path_to(culprit, item)
        if path is not None:
            return (str(key), *path)
    return None
