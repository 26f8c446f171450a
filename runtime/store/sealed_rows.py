"""Read and write single sealed columns of any table, so that they can be sealed anew."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import Select, Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.store.base import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """Name a column that holds sealed texts, in a table whose key is (organization_id, id).

    Attributes:
        table: its table's name.
        column: its name.
        bound_by: the column of the same row that says what a text is bound to.
    """

    table: str
    column: str
    bound_by: str = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedText:
    """Hold a sealed text with its row's id, and what `bound_by` says."""

    id: str
    bound_by: str
    sealed: bytes = field(repr=False)


async def sealed_after(
    connection: AsyncConnection, column: SealedColumn, after: str, *, limit: int
) -> tuple[SealedText, ...]:
    """Return sealed texts of the transaction's organization in the order of their rows' ids."""
    table = _table(column)
    asked = _texts(column).where(table.c.id > after).order_by(table.c.id).limit(limit)
    return tuple(map(_text, await connection.execute(asked)))


async def sealed_with_ids(
    connection: AsyncConnection, column: SealedColumn, ids: Collection[str]
) -> tuple[SealedText, ...]:
    """Return the sealed texts of these rows, as far as they are there."""
    asked = _texts(column).where(_table(column).c.id.in_(list(ids)))
    return tuple(map(_text, await connection.execute(asked)))


async def held_sealed(
    connection: AsyncConnection, column: SealedColumn, ids: Collection[str]
) -> tuple[SealedText, ...]:
    """Return those of these rows that nobody else holds, and hold them (`skip locked`)."""
    asked = (
        _texts(column)
        .where(_table(column).c.id.in_(list(ids)))
        .with_for_update(skip_locked=True, key_share=True)
    )
    return tuple(map(_text, await connection.execute(asked)))


async def reseal(
    connection: AsyncConnection, column: SealedColumn, row_id: str, *, sealed: bytes
) -> None:
    """Write a sealed text of a row that this transaction holds."""
    table = _table(column)
    await connection.execute(
        update(table).where(table.c.id == row_id).values({column.column: sealed})
    )


def _table(column: SealedColumn) -> Table:
    return Row.metadata.tables[column.table]


def _texts(column: SealedColumn) -> Select[Any]:
    table = _table(column)
    sealed = table.c[column.column]
    bound_by = table.c[column.bound_by].label("bound_by")
    return select(table.c.id, bound_by, sealed.label("sealed")).where(sealed.is_not(None))


def _text(row: Found[*tuple[Any, ...]]) -> SealedText:
    return SealedText(id=row.id, bound_by=row.bound_by, sealed=row.sealed)
