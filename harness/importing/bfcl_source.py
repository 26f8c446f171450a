"""Read values that are written as Java or JavaScript source, as the leaderboard's converters do.

Published answers of those categories are JSON for the most part, but a list may stand there as
`new ArrayList<>(Arrays.asList(1, 2))` and a number as `5L`. What is no literal of the declared type
stays the text that it is: `new Path("/x")` names an object that JSON can't hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from harness.importing.bfcl_schema import loosened
from runtime.public import JsonObject, JsonValue

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)[lLfFdDn]?(?![\w.])
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<word>[A-Za-z_$][\w$.]*)
      | (?P<mark>[\[\]{}(),:;<>])
    )""",
    re.VERBOSE,
)
_WORDS: Final[Mapping[str, JsonValue]] = MappingProxyType(
    {"true": True, "false": False, "null": None, "undefined": None}
)
_LISTS: Final = frozenset(
    {"ArrayDeque", "ArrayList", "Array", "HashSet", "LinkedList", "List", "Queue", "Set", "Stack"}
)
_OBJECTS: Final = frozenset({"HashMap", "Hashtable", "LinkedHashMap", "Map", "Object"})
_LIST_CALLS: Final = frozenset({"Arrays.asList", "List.of", "Set.of"})


class _NoLiteralError(ValueError):
    """Stop at source that stands for no JSON value."""


def read_source(text: str, schema: JsonObject) -> JsonValue:
    """Return the value of the declared type that a source text stands for, or the text itself.

    >>> read_source("new int[]{1, 2}", {"type": "array"}), read_source("5L", {"type": "integer"})
    ([1, 2], 5)
    """
    if schema.get("type", "string") == "string":
        return text
    try:
        value = _Parser(text).whole()
    except (ValueError, RecursionError):
        return text
    return text if loosened(schema, value, "").changes else value


def plain_inputs(inputs: JsonValue, schema: JsonObject) -> JsonValue:
    """Return an answer's inputs with every allowed value that is source in its JSON form."""
    if not isinstance(inputs, dict):
        return inputs
    properties: JsonObject = schema.get("properties", {})
    return {
        name: [
            read_source(item, properties.get(name, {})) if isinstance(item, str) and item else item
            for item in allowed
        ]
        if isinstance(allowed, list)
        else allowed
        for name, allowed in inputs.items()
    }


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise _NoLiteralError
        found.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return found


class _Parser:
    """Read one literal by recursive descent."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0

    def whole(self) -> JsonValue:
        value = self._value()
        if self._at < len(self._tokens):
            raise _NoLiteralError
        return value

    def _value(self) -> JsonValue:
        kind, text = self._next()
        readers: Mapping[str, Callable[[str], JsonValue]] = {
            "number": _number,
            "text": _unquoted,
            "word": self._word,
            "mark": self._bracket,
        }
        return readers[kind](text)

    def _word(self, word: str) -> JsonValue:
        if word in _WORDS:
            return _WORDS[word]
        if word == "new":
            return self._new()
        if word in _LIST_CALLS and self._skip("("):
            return self._items(")")
        if word == "Map.of" and self._skip("("):
            pairs = self._items(")")
            return dict(zip(map(_key, pairs[::2]), pairs[1::2], strict=True))
        if self._peek() == "(":
            raise _NoLiteralError
        return word  # a variable: the leaderboard compares its name

    def _bracket(self, mark: str) -> JsonValue:
        if mark == "[":
            return self._items("]")
        if mark == "{":
            return self._fields()
        raise _NoLiteralError

    def _new(self) -> JsonValue:
        name = self._next()[1]
        self._skip_generics()
        if self._skip("["):
            self._expect("]")
            self._expect("{")
            return self._items("}")
        if name not in _LISTS | _OBJECTS:
            raise _NoLiteralError
        self._expect("(")
        given = self._items(")")
        empty: JsonValue = {} if name in _OBJECTS else []
        if self._skip("{"):
            return self._filled(empty)
        if len(given) == 1 and isinstance(given[0], list | dict):
            return given[0]
        if given and name in _OBJECTS:
            raise _NoLiteralError
        return given or empty

    def _skip_generics(self) -> None:
        depth = 0
        while depth or self._peek() == "<":
            text = self._next()[1]
            depth += (text == "<") - (text == ">")

    def _filled(self, value: JsonValue) -> JsonValue:
        """Read the body of an anonymous class: `{ add(1); put("k", 2); }`."""
        inner = self._skip("{")
        while not self._skip("}"):
            name = self._next()[1]
            self._expect("(")
            given = self._items(")")
            self._skip(";")
            if isinstance(value, list) and name == "add" and len(given) == 1:
                value = [*value, given[0]]
            elif isinstance(value, dict) and name == "put" and len(given) == len(("key", "value")):
                value = {**value, _key(given[0]): given[1]}
            else:
                raise _NoLiteralError
        if inner:
            self._expect("}")
        return value

    def _items(self, end: str) -> list[JsonValue]:
        items: list[JsonValue] = []
        while not self._skip(end):
            if items:
                self._expect(",")
            items.append(self._value())
        return items

    def _fields(self) -> JsonObject:
        fields: JsonObject = {}
        while not self._skip("}"):
            if fields:
                self._expect(",")
            name = _key(self._value())
            self._expect(":")
            fields[name] = self._value()
        return fields

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _NoLiteralError
        self._at += 1
        return self._tokens[self._at - 1]

    def _skip(self, mark: str) -> bool:
        found = self._peek() == mark
        self._at += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._skip(mark):
            raise _NoLiteralError


def _number(text: str) -> JsonValue:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _unquoted(text: str) -> JsonValue:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _key(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise _NoLiteralError
    return value
