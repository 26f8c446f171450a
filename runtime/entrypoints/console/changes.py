"""Show differences of states: what stood where, and what stands there then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from runtime.entrypoints.console.markup import Html, element

MOST: Final = 200
MISSING: Final = object()


def at_pointer(document: object, pointer: str) -> object:
    """Return what stands at a place, or `MISSING` (Source: RFC 6901).

    >>> at_pointer({"a": [1, {"b/c": 2}]}, "/a/1/b~1c")
    2
    """
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, Mapping) and name in document:
            document = document[name]
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            return MISSING
    return document


def changes(diff: Iterable[Mapping[str, Any]], before: object = MISSING) -> Html:
    """Return a difference as a list of places.

    Args:
        diff: operations of RFC 6902.
        before: the state that they lead away from; without it, only what is new is shown.
    """
    operations = list(diff)
    if not operations:
        return element("div", "Changes nothing.", class_="pg-muted")
    lines = [_line(item, before) for item in operations[:MOST]]
    if len(operations) > MOST:
        lines.append(element("li", f"and {len(operations) - MOST} more"))
    return element("ul", *lines, class_="pg-diff")


def _line(item: Mapping[str, Any], before: object) -> Html:
    path, kind = str(item.get("path", "")), item.get("op")
    old = at_pointer(before, path)
    parts = [element("span", path or "/", class_="pg-path")]
    if kind in {"remove", "replace"} and old is not MISSING:
        parts.append(element("del", _text(old)))
    if kind == "remove":
        parts.append(element("span", "removed", class_="pg-muted"))
    elif kind in {"add", "replace"}:
        parts.append(element("ins", _text(item.get("value"))))
    else:
        parts.append(element("span", f"{kind} from {item.get('from')}", class_="pg-muted"))
    return element("li", *parts)


def _text(item: object) -> str:
    return item if isinstance(item, str) else orjson.dumps(item).decode()
