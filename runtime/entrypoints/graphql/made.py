"""Make objects of the schema from the documents that REST answers with."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from runtime.kit.json_value import JsonObject

T = TypeVar("T")


def made(kind: type[T], document: JsonObject, **more: Any) -> T:  # noqa: ANN401  # any field's
    """Return an object whose fields are members of a document; what it lacks is null.

    Args:
        kind: a type of the schema.
        document: with the names of its fields.
        more: fields that no document has.
    """
    wanted: Any = kind
    told = {name: document.get(name) for name in _names(wanted) if name not in more}
    return kind(**told, **more)


@cache
def _names(kind: Any) -> tuple[str, ...]:  # noqa: ANN401  # a class of fields
    return tuple(item.name for item in fields(kind) if item.init)
