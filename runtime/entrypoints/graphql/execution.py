"""Execute documents a part of a list at a time, so that a long one holds up nobody else.

What a row holds as its type wants it is told as it is, without the library's work for each field;
whatever else, faults included, is left to the library. The bytes of long lists are counted as they
come, so that too large an answer is given up early.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
from graphql import (
    ExecutionContext,
    FieldNode,
    GraphQLField,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_nullable_type,
    is_non_null_type,
)
from graphql.pyutils import Path
from typing_extensions import override

from runtime.entrypoints.graphql.refusals import MOST_ANSWER_BYTES, AnswerTooLargeError
from runtime.entrypoints.graphql.schema import SCHEMA

PAGE: Final = 50
"""How many items are told before others have their turn."""
KEPT: Final[Mapping[str, type]] = {
    "String": str,
    "ID": str,
    "Instant": str,
    "Boolean": bool,
    "Whole": int,
}
"""Scalars that are told as they are held, by the type that holds them."""
ANY: Final = "Json"
"""The scalar of which everything is told as it is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """Say how a field is read that only shows what its object holds.

    Attributes:
        attribute: of the object.
        kind: of values that are told as they are; None: of all.
        nullable: nothing is told as well.
    """

    attribute: str
    kind: type | None
    nullable: bool

    def tells(self, value: object) -> bool:
        """Say whether a value is told as it is."""
        if value is None:
            return self.nullable
        return self.kind is None or type(value) is self.kind


def leaves_of(schema: GraphQLSchema) -> Mapping[str, Mapping[str, Leaf]]:
    """Return the fields that only show what their objects hold, by type and name."""
    return {
        kind.name: {
            name: leaf for name, item in kind.fields.items() if (leaf := _leaf(item)) is not None
        }
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType)
    }


def _leaf(item: GraphQLField) -> Leaf | None:
    declared = item.extensions.get("strawberry-definition")
    wanted: Any = item.type
    scalar = getattr(get_nullable_type(wanted), "name", "")
    if declared is None or not declared.is_basic_field or scalar not in {*KEPT, ANY}:
        return None
    return Leaf(
        attribute=declared.python_name,
        kind=KEPT.get(scalar),
        nullable=not is_non_null_type(item.type),
    )


LEAVES: Final = leaves_of(SCHEMA)


@dataclass(frozen=True, slots=True)
class _Behind:
    """Stand for the path of a list, of which a part is told that does not begin at its first."""

    path: Path
    start: int

    def add_key(self, key: int, typename: str | None = None) -> Path:
        """Return the path of an item."""
        return self.path.add_key(self.start + key, typename)


class Execution(ExecutionContext):
    """Execute one operation of the schema."""

    _size_bytes = 0

    @override
    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        fields: dict[str, list[FieldNode]],
    ) -> Any:
        """Return what an object tells of the fields that are asked for, or what to await for it."""
        leaves = LEAVES[parent_type.name]
        told: dict[str, Any] = {}
        left: dict[str, list[FieldNode]] = {}
        for name, nodes in fields.items():
            leaf = leaves.get(nodes[0].name.value)
            value = None if leaf is None else getattr(source_value, leaf.attribute, None)
            told[name] = value  # also of what follows, for the order
            if leaf is None or not leaf.tells(value):
                left[name] = nodes
        if not left:
            return told
        found = super().execute_fields(parent_type, source_value, path, left)
        if self.is_awaitable(found):
            return _joined(told, cast("Awaitable[dict[str, Any]]", found))
        told.update(cast("dict[str, Any]", found))
        return told

    @override
    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_nodes: list[FieldNode],
        info: GraphQLResolveInfo,
        path: Path,
        result: Any,
    ) -> Any:
        """Return the items of a list; of a long one, what to await for them."""
        if not isinstance(result, list) or len(result) <= PAGE:
            return super().complete_list_value(return_type, field_nodes, info, path, result)
        return self._in_pages(return_type, field_nodes, info, path=path, items=result)

    async def _in_pages(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_nodes: list[FieldNode],
        info: GraphQLResolveInfo,
        *,
        path: Path,
        items: list[Any],
    ) -> list[Any]:
        """Return the items of a list, with a pause behind each few of them.

        Raises:
            AnswerTooLargeError: the lists of the answer have too many bytes already.
        """
        told: list[Any] = []
        for start in range(0, len(items), PAGE):
            place = cast("Path", _Behind(path, start))
            page: Any = super().complete_list_value(
                return_type, field_nodes, info, place, items[start : start + PAGE]
            )
            told += (await page) if self.is_awaitable(page) else page
            self._count(told[start:])
            await asyncio.sleep(0)
        return told

    def _count(self, page: list[Any]) -> None:
        self._size_bytes += len(orjson.dumps(page))
        if self._size_bytes > MOST_ANSWER_BYTES:
            raise AnswerTooLargeError


async def _joined(told: dict[str, Any], found: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    told.update(await found)
    return told
