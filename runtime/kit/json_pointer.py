"""Point into JSON documents: read, replace and remove what a pointer names (Source: RFC 6901).

Documents are never changed: writing returns a new one, which shares what the path does not touch.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

from runtime.kit.json_value import JsonValue

ANY: Final = "*"
APPEND: Final = "-"

_BAD_ESCAPE: Final = re.compile(r"~(?![01])")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,15}")


class PointerError(ValueError):
    """Report a pointer that is malformed or names nothing in the document."""

    def __init__(self, *, pointer: str, reason: str) -> None:
        self.pointer = pointer
        self.reason = reason
        super().__init__(f"pointer {pointer!r}: {reason}")


def parse(pointer: str) -> tuple[str, ...]:
    """Return the unescaped tokens of a pointer.

    Raises:
        PointerError: If it neither is empty nor starts with "/", or has a bad "~" escape.

    >>> parse("/tickets/a~1b/0")
    ('tickets', 'a/b', '0')
    """
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise PointerError(pointer=pointer, reason="does not start with '/', expected '' or '/...'")
    if "~" not in pointer:
        return tuple(pointer[1:].split("/"))
    if _BAD_ESCAPE.search(pointer):
        raise PointerError(pointer=pointer, reason="has a bare '~', expected '~0' or '~1'")
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer[1:].split("/"))


def join(tokens: Iterable[str]) -> str:
    """Return the pointer with these tokens: the inverse of `parse`.

    >>> join(["tickets", "a/b", "0"])
    '/tickets/a~1b/0'
    """
    return "".join("/" + escape(token) for token in tokens)


def escape(token: str) -> str:
    """Return how a pointer spells one token.

    >>> escape("a/b~")
    'a~1b~0'
    """
    return token.replace("~", "~0").replace("/", "~1")


def covers(prefix: str, pointer: str) -> bool:
    """Return whether a pointer is at or below a prefix, in which "*" stands for any one token.

    Raises:
        PointerError: If either is malformed.

    >>> covers("/tickets/*/status", "/tickets/t-1/status/code")
    True
    >>> covers("/tickets/*/status", "/tickets/t-1")
    False
    """
    wanted, actual = parse(prefix), parse(pointer)
    return len(wanted) <= len(actual) and all(
        want in (ANY, token) for want, token in zip(wanted, actual, strict=False)
    )


def get(document: JsonValue, pointer: str) -> JsonValue:
    """Return the value that a pointer names.

    Raises:
        PointerError: If a token on the way is missing.

    >>> get({"tickets": ["a", "b"]}, "/tickets/1")
    'b'
    """
    value = document
    for token in parse(pointer):
        value = value[existing_key(value, token, pointer=pointer)]
    return value


def set_value(document: JsonValue, pointer: str, value: JsonValue) -> JsonValue:
    """Return a document in which a pointer names a value.

    The last token may be a new key, or "-" to append to an array; every parent must exist.

    Raises:
        PointerError: If a parent is missing, or an array has no such index.

    >>> set_value({"tickets": ["a"]}, "/tickets/-", "b")
    {'tickets': ['a', 'b']}
    """

    def put(parent: JsonValue, token: str) -> None:
        if isinstance(parent, dict):
            parent[token] = value
        elif isinstance(parent, list) and token == APPEND:
            parent.append(value)
        else:
            parent[existing_key(parent, token, pointer=pointer)] = value

    return _changed(document, pointer, put) if pointer else value


def remove(document: JsonValue, pointer: str) -> JsonValue:
    """Return a document without the value that a pointer names.

    Raises:
        PointerError: If it names nothing, or the whole document.

    >>> remove({"a": 1, "b": 2}, "/a")
    {'b': 2}
    """

    def drop(parent: JsonValue, token: str) -> None:
        del parent[existing_key(parent, token, pointer=pointer)]

    if not pointer:
        raise PointerError(pointer=pointer, reason="names the whole document, expected a part")
    return _changed(document, pointer, drop)


def existing_key(parent: JsonValue, token: str, *, pointer: str) -> JsonValue:
    """Return the key or index under which a container holds a token of a pointer.

    Raises:
        PointerError: If it holds no such token, or is no container.
    """
    if isinstance(parent, dict):
        if token in parent:
            return token
        reason = f"the object has no key {token!r}"
    elif isinstance(parent, list):
        if _INDEX.fullmatch(token) and int(token) < len(parent):
            return int(token)
        reason = f"the array has no item {token!r}, expected an index below {len(parent)}"
    else:
        kind = type(parent).__name__
        reason = f"{token!r} is looked up in a {kind}, expected an object or an array"
    raise PointerError(pointer=pointer, reason=reason)


def _changed(
    document: JsonValue, pointer: str, change: Callable[[JsonValue, str], None]
) -> JsonValue:
    """Return a document whose containers along the path are copies, the last of them changed."""
    *parents, last = parse(pointer)
    root = _copied(document)
    parent = root
    for token in parents:
        key = existing_key(parent, token, pointer=pointer)
        parent[key] = _copied(parent[key])
        parent = parent[key]
    change(parent, last)
    return root


def _copied(value: JsonValue) -> JsonValue:
    return value.copy() if isinstance(value, dict | list) else value
