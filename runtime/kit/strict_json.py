"""Read JSON that strangers send: what two readers could read differently is refused, and so is NUL.

`canonical_json.parse_strict` is the rule. Most bodies need none of its three passes: where nothing
is escaped, a repeated key shows as a colon that the document, once written again, has lost.
"""

from __future__ import annotations

import re
from typing import Final

import orjson

from runtime.kit.canonical_json import MAX_DEPTH, CanonicalJsonError, parse_strict
from runtime.kit.json_pointer import join
from runtime.kit.json_value import JsonValue

_LONG_NUMBER: Final = re.compile(rb"[0-9]{16}")
_NUL: Final = "\0"


def read_strictly(data: bytes) -> JsonValue:
    r"""Return the document that these bytes spell.

    Raises:
        CanonicalJsonError: As `parse_strict`, and for a NUL in a text or a key, which no database
            keeps.

    >>> read_strictly(b'{"a": "\\u0000"}')
    Traceback (most recent call last):
    ...
    runtime.kit.canonical_json.CanonicalJsonError: '/a' is a text with a NUL, expected none
    """
    if b"\\" in data or _deep(data) or _LONG_NUMBER.search(data):
        return _read_slowly(data)
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _read_slowly(data)  # which says what is wrong with it
    if data.count(b":") != orjson.dumps(document).count(b":"):
        return _read_slowly(data)
    return document


def _deep(data: bytes) -> bool:
    return data.count(b"[") + data.count(b"{") > MAX_DEPTH


def _read_slowly(data: bytes) -> JsonValue:
    document = parse_strict(data)
    if b"\\u0000" in data:
        _refuse_nul(document)
    return document


def _refuse_nul(document: JsonValue) -> None:
    waiting: list[tuple[tuple[str, ...], JsonValue]] = [((), document)]
    for path, value in waiting:  # grows while it is read: no recursion, so no depth is too deep
        if isinstance(value, str) and _NUL in value:
            raise _with_nul(path)
        if isinstance(value, dict):
            if any(_NUL in key for key in value):
                raise _with_nul(path)
            waiting.extend(((*path, key), item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, str(index)), item) for index, item in enumerate(value))


def _with_nul(path: tuple[str, ...]) -> CanonicalJsonError:
    return CanonicalJsonError(pointer=join(path), found="a text with a NUL", expected="none")
