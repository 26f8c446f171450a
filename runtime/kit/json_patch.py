"""Tell two JSON documents apart and bring one to the other (Source: RFC 6902).

The law that replay rests on: `apply(diff(a, b), a)` equals `b`. Documents are never changed;
results share every part that no operation touches.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeAlias

import orjson

from runtime.kit.json_pointer import (
    APPEND,
    PointerError,
    escape,
    existing_key,
    get,
    parse,
)
from runtime.kit.json_value import JsonObject, JsonValue, json_equal

Operation: TypeAlias = JsonObject  # {"op", "path"} and, by op, "value" or "from"

_MISSING: Final = object()


class PatchError(ValueError):
    """Report the operation that could not be applied; nothing was."""

    def __init__(self, *, index: int, path: str, reason: str) -> None:
        self.index = index
        self.path = path
        self.reason = reason
        super().__init__(f"operation {index} at {path!r}: {reason}; nothing was applied")


def diff(before: JsonValue, after: JsonValue) -> list[Operation]:
    """Return the add, remove and replace operations that lead from one document to another.

    Objects are compared key by key in sorted order, arrays item by item between their equal ends.
    Nothing is copied: the operations hold parts of `after`.

    >>> diff({"open": 1, "tags": ["a", "c"]}, {"open": 1.0, "tags": ["a", "b", "c"]})
    [{'op': 'add', 'path': '/tags/1', 'value': 'b'}]
    """
    operations: list[Operation] = []
    _compare(before, after, path="", operations=operations)
    return operations


def apply(operations: Iterable[Mapping[str, object]], document: JsonValue) -> JsonValue:
    """Return the document after all six kinds of operations, in order, or fail as a whole.

    Raises:
        PatchError: If an operation is malformed, names a missing place, or is a failed test.

    >>> apply([{"op": "move", "from": "/a", "path": "/b/-"}], {"a": 1, "b": []})
    {'b': [1]}
    """
    draft = _Draft(document)
    for index, operation in enumerate(operations):
        try:
            _HANDLERS[_op(operation)](draft, operation)
        except PointerError as error:
            raise PatchError(index=index, path=error.pointer, reason=error.reason) from None
    return draft.root


def _compare(
    before: JsonValue, after: JsonValue, *, path: str, operations: list[Operation]
) -> None:
    if before is after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        _compare_objects(before, after, path=path, operations=operations)
    elif isinstance(before, list) and isinstance(after, list):
        _compare_arrays(before, after, path=path, operations=operations)
    elif not json_equal(before, after):
        operations.append({"op": "replace", "path": path, "value": after})


def _compare_objects(
    before: JsonObject, after: JsonObject, *, path: str, operations: list[Operation]
) -> None:
    changed = [
        key for key, item in after.items() if not _surely_same(before.get(key, _MISSING), item)
    ]
    changed += [key for key in before if key not in after]
    for key in sorted(changed):
        below = f"{path}/{escape(key)}"
        if key not in after:
            operations.append({"op": "remove", "path": below})
        elif key not in before:
            operations.append({"op": "add", "path": below, "value": after[key]})
        else:
            _compare(before[key], after[key], path=below, operations=operations)


def _surely_same(one: JsonValue, other: JsonValue) -> bool:
    """Return whether two members need no closer look; most don't, and this spares their path.

    Containers are compared by how orjson spells them: equal spellings are equal values, and
    writing both costs a tenth of walking them. Unequal spellings may still be equal values.
    """
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is dict or kind is list:
        return _spelling(one) == _spelling(other)
    return bool(one == other)


def _spelling(value: JsonValue) -> bytes:
    """Spell a container; one that holds an integer beyond 64 bits has a spelling of its own."""
    try:
        return orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_SUBCLASS)
    except TypeError:
        return b"%d" % id(value)


def _compare_arrays(
    before: list[JsonValue], after: list[JsonValue], *, path: str, operations: list[Operation]
) -> None:
    shorter = min(len(before), len(after))
    start = _equal_items(zip(before, after, strict=False), limit=shorter)
    ends = zip(reversed(before), reversed(after), strict=False)
    tail = _equal_items(ends, limit=shorter - start)
    paired = shorter - tail
    for index in range(start, paired):
        _compare(before[index], after[index], path=f"{path}/{index}", operations=operations)
    operations.extend(
        {"op": "remove", "path": f"{path}/{index}"}
        for index in reversed(range(paired, len(before) - tail))
    )
    operations.extend(
        {"op": "add", "path": f"{path}/{index}", "value": after[index]}
        for index in range(paired, len(after) - tail)
    )


def _equal_items(pairs: Iterable[tuple[JsonValue, JsonValue]], *, limit: int) -> int:
    """Return how many pairs are equal before the first that is not, up to a limit."""
    count = 0
    for one, other in pairs:
        if count == limit or not (_surely_same(one, other) or json_equal(one, other)):
            break
        count += 1
    return count


class _Draft:
    """Hold the document under change; each container is copied once, when first written to."""

    def __init__(self, document: JsonValue) -> None:
        self.root = document
        self._own: dict[int, JsonValue] = {}  # by id; holding the copies keeps the ids theirs

    def writable_parent(self, pointer: str) -> tuple[JsonValue, str]:
        """Return our own copy of the container that a pointer ends in, and the last token."""
        *parents, last = parse(pointer)
        parent = self.root = self._owned(self.root)
        for token in parents:
            key = existing_key(parent, token, pointer=pointer)
            parent[key] = self._owned(parent[key])
            parent = parent[key]
        return parent, last

    def share_everything(self) -> None:
        """Forget what is ours: a value now stands in two places."""
        self._own.clear()

    def _owned(self, value: JsonValue) -> JsonValue:
        if id(value) in self._own or not isinstance(value, dict | list):
            return value
        copy = value.copy()
        self._own[id(copy)] = copy
        return copy


def _add(draft: _Draft, operation: Mapping[str, object]) -> None:
    _insert(draft, _pointer(operation, "path"), _value(operation))


def _remove(draft: _Draft, operation: Mapping[str, object]) -> None:
    _delete(draft, _pointer(operation, "path"))


def _replace(draft: _Draft, operation: Mapping[str, object]) -> None:
    pointer, value = _pointer(operation, "path"), _value(operation)
    if not pointer:
        draft.root = value
        return
    parent, token = draft.writable_parent(pointer)
    parent[existing_key(parent, token, pointer=pointer)] = value


def _move(draft: _Draft, operation: Mapping[str, object]) -> None:
    source, target = _pointer(operation, "from"), _pointer(operation, "path")
    value = get(draft.root, source)
    if source == target:
        return
    if target.startswith(source + "/"):
        raise PointerError(pointer=target, reason=f"is inside {source!r}, which would move there")
    _delete(draft, source)
    _insert(draft, target, value)


def _copy(draft: _Draft, operation: Mapping[str, object]) -> None:
    value = get(draft.root, _pointer(operation, "from"))
    draft.share_everything()  # before writing: the place may lie inside the value itself
    _insert(draft, _pointer(operation, "path"), value)


def _test(draft: _Draft, operation: Mapping[str, object]) -> None:
    pointer, expected = _pointer(operation, "path"), _value(operation)
    if not json_equal(get(draft.root, pointer), expected):
        raise PointerError(pointer=pointer, reason="the value differs from the one tested for")


_HANDLERS: Final[Mapping[str, Callable[[_Draft, Mapping[str, object]], None]]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _insert(draft: _Draft, pointer: str, value: JsonValue) -> None:
    if not pointer:
        draft.root = value
        return
    parent, token = draft.writable_parent(pointer)
    if isinstance(parent, dict):
        parent[token] = value
    elif isinstance(parent, list) and token in {APPEND, str(len(parent))}:
        parent.append(value)
    else:
        index = existing_key(parent, token, pointer=pointer)  # refuses what is no container
        parent.insert(index, value)


def _delete(draft: _Draft, pointer: str) -> None:
    if not pointer:
        raise PointerError(pointer=pointer, reason="names the whole document, expected a part")
    parent, token = draft.writable_parent(pointer)
    del parent[existing_key(parent, token, pointer=pointer)]


def _op(operation: Mapping[str, object]) -> str:
    op = operation.get("op")
    if not isinstance(op, str) or op not in _HANDLERS:
        path = str(operation.get("path", ""))
        raise PointerError(pointer=path, reason=f"op is {op!r}, expected {', '.join(_HANDLERS)}")
    return op


def _pointer(operation: Mapping[str, object], member: str) -> str:
    pointer = operation.get(member)
    if not isinstance(pointer, str):
        path = str(operation.get("path", ""))
        raise PointerError(pointer=path, reason=f"{member!r} is {pointer!r}, expected a pointer")
    return pointer


def _value(operation: Mapping[str, object]) -> JsonValue:
    if "value" not in operation:
        path = str(operation.get("path", ""))
        raise PointerError(pointer=path, reason="has no 'value', expected one (null counts)")
    return operation["value"]
